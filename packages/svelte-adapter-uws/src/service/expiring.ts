import type { Clock } from '../contract/clock.ts';
import { StoreFullError } from './store-full.ts';

interface Entry<Value> {
	readonly value: Value;
	readonly until: number;
}

/** Entries looked at for expiry with each one that is added. */
const SWEPT = 2;
/** Milliseconds between two looks at everything while the table is full. */
const FULL_SWEEP_MS = 1_000;

/**
 * A table whose entries expire. It has no timers: what has expired is not seen, and goes as others are added. Throws a
 * StoreFullError for an entry too many.
 */
export class Expiring<Value> {
	readonly #clock: Clock;
	readonly #what: string;
	readonly #max: number;
	/** In the order in which they were set. */
	readonly #entries = new Map<string, Entry<Value>>();
	#nextFullSweep = -Infinity;

	constructor(clock: Clock, what: string, max: number) {
		this.#clock = clock;
		this.#what = what;
		this.#max = max;
	}

	/** Expired ones among them. */
	get size(): number {
		return this.#entries.size;
	}

	get(key: string): Value | undefined {
		const entry = this.#entries.get(key);
		if (entry === undefined || entry.until > this.#clock.now()) return entry?.value;
		this.#entries.delete(key);
		return undefined;
	}

	/** Milliseconds that an entry has left; 0 when there is none. */
	left(key: string): number {
		return Math.max(0, (this.#entries.get(key)?.until ?? 0) - this.#clock.now());
	}

	set(key: string, value: Value, ttlMs: number): void {
		const now = this.#clock.now();
		this.#entries.delete(key);
		this.#sweep(now);
		if (this.#entries.size >= this.#max) throw new StoreFullError(this.#what, this.#max);
		this.#entries.set(key, { value, until: now + ttlMs });
	}

	delete(key: string): boolean {
		const isLive = this.get(key) !== undefined;
		this.#entries.delete(key);
		return isLive;
	}

	/** What has not expired. */
	*entries(): Generator<readonly [key: string, value: Value]> {
		const now = this.#clock.now();
		for (const [key, { value, until }] of this.#entries) if (until > now) yield [key, value];
	}

	#sweep(now: number): void {
		let left = SWEPT;
		if (this.#entries.size >= this.#max && now >= this.#nextFullSweep) {
			this.#nextFullSweep = now + FULL_SWEEP_MS;
			left = Infinity;
		}
		for (const [key, { until }] of this.#entries) {
			if (left-- <= 0) return;
			if (until <= now) this.#entries.delete(key);
		}
	}
}
