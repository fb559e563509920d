import type { Clock } from '../../contract/clock.ts';
import type { Platform } from '../../contract/platform.ts';
import { fromText, toText } from '../json.ts';
import { checkCap, checkKey, checkNumber } from '../plugin/check.ts';

export interface LimiterOptions {
	/** Topics with something to send or an interval that runs; at one too many the first is flushed. Default 1,000,000. */
	readonly maxTopics?: number;
	/** UTF-16 units. Default 256. */
	readonly maxTopicLength?: number;
	/** Hears why an event could not be published that waited. Default: logged. */
	readonly onError?: (error: unknown) => void;
	/** Default the time of the machine. */
	readonly clock?: Clock;
}

/** Publishes less often than it is told to; of the values of one topic the latest counts. */
export interface Limiter {
	/** Milliseconds. */
	readonly interval: number;
	/** Publishes now or later. Throws for a bad topic, and for data that JSON cannot carry. */
	publish(platform: Platform, topic: string, event: string, data?: unknown): void;
	/** Publishes what waits, of one topic or of all. */
	flush(topic?: string): void;
	/** Drops what waits, of one topic or of all. */
	cancel(topic?: string): void;
}

/** What waits is a copy: it may be changed before it leaves. */
interface Waiting {
	readonly platform: Platform;
	readonly event: string;
	readonly text: string;
}

interface Slot {
	timer: Disposable;
	waiting: Waiting | undefined;
}

export type Edge = 'throttle' | 'debounce';

/** One slot a topic: `throttle` publishes the first value at once and then the latest once an interval, `debounce` the latest after a pause. */
export class Slots implements Limiter {
	readonly interval: number;
	readonly #edge: Edge;
	readonly #options: Required<LimiterOptions>;
	readonly #slots = new Map<string, Slot>();

	constructor(
		edge: Edge,
		interval: number,
		{
			maxTopics = 1_000_000,
			maxTopicLength = 256,
			clock,
			onError
		}: LimiterOptions & Required<Pick<LimiterOptions, 'clock' | 'onError'>>
	) {
		this.interval = checkNumber(`${edge}: ms`, interval, { min: 0 });
		this.#edge = edge;
		this.#options = {
			maxTopics: checkCap(`${edge}: maxTopics`, maxTopics),
			maxTopicLength: checkCap(`${edge}: maxTopicLength`, maxTopicLength),
			clock,
			onError
		};
	}

	publish(platform: Platform, topic: string, event: string, data?: unknown): void {
		checkKey(`${this.#edge}: topic`, topic, this.#options.maxTopicLength);
		const slot = this.#slots.get(topic);
		if (this.#edge === 'throttle' && !slot) {
			platform.publish(topic, event, data);
			if (this.interval > 0) this.#add(topic, undefined);
			return;
		}
		const waiting = { platform, event, text: toText(data) };
		if (!slot) return this.#add(topic, waiting);
		slot.waiting = waiting;
		if (this.#edge === 'throttle') return;
		slot.timer[Symbol.dispose]();
		slot.timer = this.#start(topic);
	}

	flush(topic?: string): void {
		for (const one of topic === undefined ? [...this.#slots.keys()] : [topic]) this.#send(one);
	}

	cancel(topic?: string): void {
		for (const one of topic === undefined ? [...this.#slots.keys()] : [topic]) this.#take(one);
	}

	#add(topic: string, waiting: Waiting | undefined): void {
		if (this.#slots.size >= this.#options.maxTopics) {
			const [oldest] = this.#slots.keys();
			this.#send(oldest!);
			this.#remove(oldest!);
		}
		this.#slots.set(topic, { timer: this.#start(topic), waiting });
	}

	#start(topic: string): Disposable {
		return this.#options.clock.after(this.interval, () => {
			const slot = this.#slots.get(topic)!;
			if (this.#edge === 'throttle' && slot.waiting) {
				slot.timer = this.#start(topic);
				this.#send(topic);
			} else {
				this.#send(topic);
				this.#remove(topic);
			}
		});
	}

	/** What waits, which is gone then. A throttled topic stays within its interval, a debounced one has nothing left to wait for. */
	#take(topic: string): Waiting | undefined {
		const slot = this.#slots.get(topic);
		const waiting = slot?.waiting;
		if (slot) slot.waiting = undefined;
		if (this.#edge === 'debounce') this.#remove(topic);
		return waiting;
	}

	#send(topic: string): void {
		const waiting = this.#take(topic);
		if (!waiting) return;
		try {
			waiting.platform.publish(topic, waiting.event, fromText(waiting.text));
		} catch (error) {
			this.#options.onError(error);
		}
	}

	#remove(topic: string): void {
		this.#slots.get(topic)?.timer[Symbol.dispose]();
		this.#slots.delete(topic);
	}
}
