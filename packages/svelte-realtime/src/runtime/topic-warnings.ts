import type { Clock, Platform } from 'svelte-adapter-uws/contract';
import type { AppSettings } from '../define/app-settings.ts';

/** Topics that are watched, and that were warned of. */
const MAX_TOPICS = 10_000;

export interface TopicWarningsParts {
	readonly platform: Pick<Platform, 'tap'>;
	readonly clock: Pick<Clock, 'after' | 'now'>;
	readonly app: AppSettings;
	readonly warn: (message: string) => void;
}

/** What an author should know, in development, of the topics of streams: nothing comes, or too much does. */
export class TopicWarnings implements Disposable {
	readonly #parts: TopicWarningsParts;
	readonly #tap: Disposable;
	/** Topics with subscribers on which nothing was published yet. */
	readonly #silent = new Map<string, Disposable>();
	/** Publishes within the present interval. */
	readonly #counts = new Map<string, number>();
	#interval: Disposable | undefined;
	readonly #warned = new Set<string>();

	constructor(parts: TopicWarningsParts) {
		this.#parts = parts;
		this.#tap = parts.platform.tap(({ topic, position }) => {
			this.#heard(topic);
			if (position && !topic.startsWith('__')) this.#count(topic);
		});
	}

	/** A topic has its first subscriber. */
	followed(topic: string): void {
		const { app, clock, warn } = this.#parts;
		if (app.silentTopicWarning === false || topic.startsWith('__')) return;
		const { thresholdMs = 30_000, suppress = [] } = app.silentTopicWarning ?? {};
		if (suppress.includes(topic) || this.#silent.has(topic) || this.#silent.size >= MAX_TOPICS) return;
		const timer = clock.after(thresholdMs, () => {
			this.#silent.delete(topic);
			this.#once(`silent ${topic}`, () =>
				warn(
					`A stream follows the topic ${JSON.stringify(topic)}, and nothing was published on it for ${thresholdMs} ms. Is it the name that ctx.publish uses? live.silentTopicWarning({ suppress: [${JSON.stringify(topic)}] }) ends this.`
				)
			);
		});
		this.#silent.set(topic, timer);
	}

	/** It has none any more. */
	left(topic: string): void {
		this.#heard(topic);
	}

	[Symbol.dispose](): void {
		this.#tap[Symbol.dispose]();
		this.#interval?.[Symbol.dispose]();
		for (const timer of this.#silent.values()) timer[Symbol.dispose]();
		this.#silent.clear();
	}

	#heard(topic: string): void {
		this.#silent.get(topic)?.[Symbol.dispose]();
		this.#silent.delete(topic);
	}

	#count(topic: string): void {
		const { app, clock } = this.#parts;
		if (app.publishRateWarning === false) return;
		const { threshold = 200, intervalMs = 5_000 } = app.publishRateWarning ?? {};
		if (this.#counts.has(topic) || this.#counts.size < MAX_TOPICS) this.#counts.set(topic, (this.#counts.get(topic) ?? 0) + 1);
		this.#interval ??= clock.after(intervalMs, () => {
			this.#interval = undefined;
			for (const [name, count] of this.#counts) this.#rate(name, count / (intervalMs / 1000), threshold);
			this.#counts.clear();
		});
	}

	#rate(topic: string, perSecond: number, threshold: number): void {
		if (perSecond <= threshold) return;
		this.#once(`rate ${topic}`, () =>
			this.#parts.warn(
				`${Math.round(perSecond)} events a second were published on ${JSON.stringify(topic)}. Publish less with ctx.publishThrottled or the stream's coalesceBy, or say volatile where events may be lost; live.publishRateWarning(false) ends this.`
			)
		);
	}

	#once(what: string, say: () => void): void {
		if (this.#warned.has(what) || this.#warned.size >= MAX_TOPICS) return;
		this.#warned.add(what);
		say();
	}
}
