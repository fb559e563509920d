import { LIMITS } from './limits.ts';

/** What was published to one topic since the last look. */
export interface TopicCount {
	messages: number;
	/** Size of the envelopes as text, which is the bytes of what is ASCII. */
	bytes: number;
}

/** Counts what this server publishes: plain numbers, read once in a while. */
export class PublishCounts {
	readonly #byTopic: boolean;
	#published = 0;
	#topics = new Map<string, TopicCount>();

	/** `byTopic`: also each topic by itself. */
	constructor(byTopic: boolean) {
		this.#byTopic = byTopic;
	}

	count(topic: string, size: number): void {
		this.#published++;
		if (!this.#byTopic) return;
		const count = this.#topics.get(topic);
		if (count) {
			count.messages++;
			count.bytes += size;
		} else if (this.#topics.size < LIMITS.countedTopics) this.#topics.set(topic, { messages: 1, bytes: size });
	}

	/** What was counted since the last call. */
	take(): { readonly published: number; readonly topics: ReadonlyMap<string, TopicCount> } {
		const taken = { published: this.#published, topics: this.#topics };
		this.#published = 0;
		if (this.#topics.size > 0) this.#topics = new Map();
		return taken;
	}
}
