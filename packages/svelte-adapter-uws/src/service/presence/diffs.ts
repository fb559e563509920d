import type { Platform } from '../../contract/platform.ts';

/** What happened to somebody last. */
interface News {
	readonly kind: 'joins' | 'leaves';
	readonly data: unknown;
}

interface Diff {
	readonly platform: Platform;
	readonly news: Map<string, News>;
}

/** Collects who came and who left, and tells each topic once for all that happens in one turn of microtasks. */
export class Diffs {
	readonly #topicOf: (topic: string) => string;
	readonly #relay: boolean;
	#diffs = new Map<string, Diff>();

	constructor(topicOf: (topic: string) => string, relay: boolean) {
		this.#topicOf = topicOf;
		this.#relay = relay;
	}

	/** What was said of the key before in this turn does not count any more. */
	add(topic: string, key: string, news: News, platform: Platform): void {
		if (this.#diffs.size === 0) queueMicrotask(() => this.flush());
		const diff = this.#diffs.get(topic) ?? { platform, news: new Map<string, News>() };
		this.#diffs.set(topic, diff);
		diff.news.set(key, news);
	}

	flush(): void {
		const diffs = this.#diffs;
		this.#diffs = new Map();
		for (const [topic, { platform, news }] of diffs) {
			const all = [...news];
			const only = (kind: News['kind']): object =>
				Object.fromEntries(all.filter(([, one]) => one.kind === kind).map(([key, { data }]) => [key, data]));
			const diff = { joins: only('joins'), leaves: only('leaves') };
			// Nobody comes back to a number here: the state is sent anew.
			platform.publish(this.#topicOf(topic), 'presence_diff', diff, { relay: this.#relay, seq: false });
		}
	}

	clear(): void {
		this.#diffs = new Map();
	}
}
