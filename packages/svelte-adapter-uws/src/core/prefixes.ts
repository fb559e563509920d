import { encodePrefix } from '../protocol/envelope-codec.ts';
import { LIMITS } from './limits.ts';

/** Remembers the text up to the data of an envelope by topic and event, because most publishes repeat one of a few. */
export class Prefixes {
	readonly #byTopic = new Map<string, Map<string, string>>();
	#size = 0;

	/** Throws a TypeError for a name that cannot travel; that is never remembered. */
	get(topic: string, event: string): string {
		return this.#byTopic.get(topic)?.get(event) ?? this.#add(topic, event);
	}

	#add(topic: string, event: string): string {
		const prefix = encodePrefix(topic, event);
		if (this.#size >= LIMITS.prefixes) {
			this.#byTopic.clear();
			this.#size = 0;
		}
		const events = this.#byTopic.get(topic);
		if (events) events.set(event, prefix);
		else this.#byTopic.set(topic, new Map([[event, prefix]]));
		this.#size++;
		return prefix;
	}
}
