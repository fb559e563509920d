import type { Clock } from '../../contract/clock.ts';

interface Entry<Value> {
	value: Value;
	until: number;
}

/** How far above its cap a table may grow, so that making room is rare. */
const SLACK = 1.1;

/**
 * Entries that expire, in the order of their last use. Above 110 % of the cap the expired ones go, then those used longest ago, down to
 * the cap. It has no timers: what has expired is not seen.
 */
export class ExpiringTable<Value> {
	readonly #clock: Clock;
	readonly #cap: number;
	readonly #entries = new Map<string, Entry<Value>>();

	constructor(clock: Clock, cap: number) {
		this.#clock = clock;
		this.#cap = cap;
	}

	/** Entries that have not expired. */
	get size(): number {
		this.#prune();
		return this.#entries.size;
	}

	get(key: string): Value | undefined {
		const entry = this.#entries.get(key);
		if (!entry || entry.until > this.#clock.now()) return entry?.value;
		this.#entries.delete(key);
		return undefined;
	}

	set(key: string, value: Value, ttlMs: number): void {
		this.#entries.delete(key);
		this.#entries.set(key, { value, until: this.#clock.now() + ttlMs });
		if (this.#entries.size <= this.#cap * SLACK) return;
		this.#prune();
		for (const oldest of this.#entries.keys()) {
			if (this.#entries.size <= this.#cap) return;
			this.#entries.delete(oldest);
		}
	}

	/** True when it had not expired. */
	delete(key: string): boolean {
		const wasLive = this.get(key) !== undefined;
		this.#entries.delete(key);
		return wasLive;
	}

	clear(): void {
		this.#entries.clear();
	}

	#prune(): void {
		const now = this.#clock.now();
		for (const [key, { until }] of this.#entries) if (until <= now) this.#entries.delete(key);
	}
}
