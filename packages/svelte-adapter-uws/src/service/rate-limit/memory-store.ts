import type { Clock } from '../../contract/clock.ts';
import type { RateLimitStore, RateRule, RateVerdict } from '../../contract/store/rate-limit.ts';
import { Expiring } from '../expiring.ts';

const MAX_KEYS = 1_000_000;

/** Buckets of one process. */
export class MemoryRateLimitStore implements RateLimitStore {
	/** Points left, for as long as the interval of the bucket runs. */
	readonly #buckets: Expiring<{ points: number }>;
	readonly #bans: Expiring<true>;

	constructor(clock: Clock, maxKeys: number = MAX_KEYS) {
		this.#buckets = new Expiring(clock, 'rate limit store', maxKeys);
		this.#bans = new Expiring(clock, 'rate limit store (bans)', maxKeys);
	}

	async take(key: string, cost: number, { points, intervalMs, blockMs = 0 }: RateRule): Promise<RateVerdict> {
		check({ cost, points, intervalMs, blockMs });
		if (this.#bans.get(key)) return { allowed: false, remaining: 0, resetMs: this.#bans.left(key) };
		const bucket = this.#buckets.get(key) ?? { points };
		if (bucket.points < cost) {
			if (blockMs <= 0) return { allowed: false, remaining: bucket.points, resetMs: this.#buckets.left(key) };
			this.#bans.set(key, true, blockMs);
			return { allowed: false, remaining: 0, resetMs: blockMs };
		}
		if (this.#buckets.get(key) === undefined) this.#buckets.set(key, bucket, intervalMs);
		bucket.points -= cost;
		return { allowed: true, remaining: bucket.points, resetMs: this.#buckets.left(key) };
	}

	async ban(key: string, ms: number): Promise<void> {
		check({ ms });
		this.#bans.set(key, true, ms);
	}

	async unban(key: string): Promise<boolean> {
		return this.#bans.delete(key);
	}

	async reset(key: string): Promise<void> {
		this.#buckets.delete(key);
		this.#bans.delete(key);
	}
}

function check(numbers: Readonly<Record<string, number>>): void {
	for (const [name, value] of Object.entries(numbers)) {
		if (!Number.isFinite(value) || value < 0) throw new RangeError(`${name}: got ${value}, expected a number of 0 or more.`);
	}
}
