import { encodePrefix } from '../protocol/envelope-codec.ts';
import { LIMITS } from './limits.ts';

/** The text of one event of a topic; the events of a topic hang together. */
interface Prefix {
	readonly event: string;
	readonly text: string;
	readonly next: Prefix | undefined;
	/** Length of the chain from here on. */
	readonly length: number;
}

/** Remembers the text up to the data of an envelope by topic and event, because most publishes repeat one of a few. */
export class Prefixes {
	readonly #byTopic = new Map<string, Prefix>();

	/** Throws a TypeError for a name that cannot travel; that is never remembered. */
	get(topic: string, event: string): string {
		const first = this.#byTopic.get(topic);
		for (let prefix = first; prefix; prefix = prefix.next) if (prefix.event === event) return prefix.text;
		const text = encodePrefix(topic, event);
		// An event name that never comes again, such as an id, is not worth a place.
		if (first && first.length >= LIMITS.prefixesPerTopic) return text;
		if (!first && this.#byTopic.size >= LIMITS.prefixTopics) this.#byTopic.clear();
		this.#byTopic.set(topic, { event, text, next: first, length: (first?.length ?? 0) + 1 });
		return text;
	}
}
