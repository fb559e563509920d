import type { Clock } from '../contract/clock.ts';
import type { Log } from '../contract/log.ts';
import type { ResolvedPressureOptions } from '../contract/options.ts';
import type { PressureReason, PressureSnapshot, TopicPublishRate } from '../contract/platform.ts';
import { isolate } from './isolation.ts';
import { LIMITS } from './limits.ts';
import type { PublishCounts } from './publish-counts.ts';

const MIN_INTERVAL_MS = 100;
const MAX_TOP = 5;
const WARN_EVERY_MS = 60_000;

/** Bytes of the process. */
export interface Memory {
	readonly heapUsed: number;
	/** At which the process dies. */
	readonly heapLimit: number;
	readonly resident: number;
}

export interface PressureParts {
	/** Absent = nothing is sampled. */
	readonly watch: { readonly options: ResolvedPressureOptions; readonly memory: () => Memory } | undefined;
	readonly connections: () => number;
	/** Topics held, over all connections. */
	readonly subscriptions: () => number;
	readonly counts: PublishCounts;
	readonly clock: Clock;
	readonly log: Log;
	readonly failed: (error: unknown) => void;
}

const NONE: PressureSnapshot = Object.freeze({
	active: false,
	subscriberRatio: 0,
	publishRate: 0,
	memoryMB: 0,
	reason: 'NONE',
	topPublishers: Object.freeze([])
});

/** Looks at the load of this worker once an interval, and says when it becomes too much or enough. */
export class Pressure implements Disposable {
	readonly #parts: PressureParts;
	readonly #onPressure = new Set<(snapshot: PressureSnapshot) => void>();
	readonly #onPublishRate = new Set<(topics: readonly TopicPublishRate[]) => void>();
	/** When each topic was last warned of, the oldest first. */
	readonly #warned = new Map<string, number>();
	#timer: Disposable | undefined;
	#sampledAt: number;
	#snapshot = NONE;

	constructor(parts: PressureParts) {
		this.#parts = parts;
		this.#sampledAt = parts.clock.now();
	}

	/** Looks from now on, until disposed. */
	start(): void {
		this.#sampledAt = this.#parts.clock.now();
		this.#arm();
	}

	/** The last sample; a new object each time. */
	get snapshot(): PressureSnapshot {
		return this.#snapshot;
	}

	/** Calls back whenever the reason changes. Gives a function that ends it. */
	onPressure(listener: (snapshot: PressureSnapshot) => void): () => void {
		return listen(this.#onPressure, listener);
	}

	/** Calls back in each interval in which a topic was published too often. Gives a function that ends it. */
	onPublishRate(listener: (topics: readonly TopicPublishRate[]) => void): () => void {
		return listen(this.#onPublishRate, listener);
	}

	[Symbol.dispose](): void {
		this.#timer?.[Symbol.dispose]();
	}

	#arm(): void {
		const { watch, clock } = this.#parts;
		if (!watch) return;
		this.#timer = clock.after(Math.max(watch.options.sampleIntervalMs, MIN_INTERVAL_MS), () => {
			this.#sample(watch.options, watch.memory());
			this.#arm();
		});
	}

	#sample(options: ResolvedPressureOptions, { heapUsed, heapLimit, resident }: Memory): void {
		const { clock, counts } = this.#parts;
		const now = clock.now();
		// A process that was too busy to sample in time has counted for longer.
		const seconds = Math.max(now - this.#sampledAt, 1) / 1_000;
		this.#sampledAt = now;
		const { published, topics } = counts.take();
		const rates = [...topics].map(([topic, { messages, bytes }]): TopicPublishRate => ({
			topic,
			messagesPerSec: messages / seconds,
			bytesPerSec: bytes / seconds
		}));
		const connections = this.#parts.connections();
		const subscriberRatio = connections === 0 ? 0 : this.#parts.subscriptions() / connections;
		const publishRate = published / seconds;
		const reason = reasonOf(options, { heap: heapUsed / heapLimit, publishRate, subscriberRatio });
		const before = this.#snapshot.reason;
		this.#snapshot = Object.freeze({
			active: reason !== 'NONE',
			subscriberRatio,
			publishRate,
			memoryMB: resident / 1_048_576,
			reason,
			topPublishers: Object.freeze(busiest(rates).map((rate) => Object.freeze(rate)))
		});
		if (reason !== before)
			for (const listener of [...this.#onPressure]) isolate(() => listener(this.#snapshot), this.#parts.failed);
		this.#tellRunaways(
			rates.filter(
				({ messagesPerSec, bytesPerSec }) =>
					reaches(messagesPerSec, options.topicPublishRatePerSec) || reaches(bytesPerSec, options.topicPublishBytesPerSec)
			),
			now
		);
	}

	#tellRunaways(topics: readonly TopicPublishRate[], now: number): void {
		if (topics.length === 0) return;
		if (this.#onPublishRate.size === 0) for (const topic of topics) this.#warn(topic, now);
		else for (const listener of [...this.#onPublishRate]) isolate(() => listener(topics), this.#parts.failed);
	}

	#warn({ topic, messagesPerSec, bytesPerSec }: TopicPublishRate, now: number): void {
		const last = this.#warned.get(topic);
		if (last !== undefined && now - last < WARN_EVERY_MS) return;
		this.#warned.delete(topic);
		if (this.#warned.size >= LIMITS.runawayTopics) {
			const [oldest] = this.#warned.keys();
			this.#warned.delete(oldest!);
		}
		this.#warned.set(topic, now);
		this.#parts.log.warn(
			`${JSON.stringify(topic)} is published ${Math.round(messagesPerSec)} times and with ${Math.round(bytesPerSec)} bytes a second. Publish less often, or take platform.onPublishRate to decide for yourself.`
		);
	}
}

function reasonOf(
	options: ResolvedPressureOptions,
	{ heap, publishRate, subscriberRatio }: Readonly<Record<'heap' | 'publishRate' | 'subscriberRatio', number>>
): PressureReason {
	if (reaches(heap, options.memoryHeapUsedRatio)) return 'MEMORY';
	if (reaches(publishRate, options.publishRatePerSec)) return 'PUBLISH_RATE';
	return reaches(subscriberRatio, options.subscriberRatio) ? 'SUBSCRIBERS' : 'NONE';
}

const reaches = (value: number, limit: number | false): boolean => limit !== false && value >= limit;

/** The first few by messages, without sorting them all. */
function busiest(rates: readonly TopicPublishRate[]): TopicPublishRate[] {
	const top: TopicPublishRate[] = [];
	for (const rate of rates) {
		if (top.length === MAX_TOP && rate.messagesPerSec <= top[MAX_TOP - 1]!.messagesPerSec) continue;
		top.push(rate);
		top.sort((a, b) => b.messagesPerSec - a.messagesPerSec);
		top.length = Math.min(top.length, MAX_TOP);
	}
	return top;
}

/** The same function may listen twice; each time ends by itself. */
function listen<Listener extends (value: any) => void>(listeners: Set<Listener>, listener: Listener): () => void {
	const own = ((value: unknown) => listener(value)) as Listener;
	listeners.add(own);
	return () => void listeners.delete(own);
}
