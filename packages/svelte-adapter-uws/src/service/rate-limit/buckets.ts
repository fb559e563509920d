import type { Clock } from '../../contract/clock.ts';

/** Above this many entries each use looks at a few for expiry. */
const SWEEP_FROM = 1_000;
const SWEPT = 4;

export interface Bucket {
	points: number;
	/** When it is full again. */
	until: number;
}

/** Buckets and bans by key, with a cap for both together: at one too many the oldest bucket goes, and a ban only where nothing else is left. */
export class Buckets {
	readonly #clock: Clock;
	readonly #max: number;
	readonly #buckets = new Map<string, Bucket>();
	/** Until when. */
	readonly #bans = new Map<string, number>();
	/** Where each sweep goes on. */
	#sweeping: { buckets: Iterator<[string, Bucket]>; bans: Iterator<[string, number]> } | undefined;

	constructor(clock: Clock, max: number) {
		this.#clock = clock;
		this.#max = max;
	}

	/** Milliseconds that a key is banned for; 0 = it is not. */
	banned(key: string): number {
		const left = (this.#bans.get(key) ?? 0) - this.#clock.now();
		if (left > 0) return left;
		this.#bans.delete(key);
		return 0;
	}

	/** The bucket of a key; a full one when its interval is over. */
	get(key: string, points: number, intervalMs: number): Bucket {
		const now = this.#clock.now();
		const known = this.#buckets.get(key);
		if (known && known.until > now) return known;
		const bucket = { points, until: now + intervalMs };
		this.#buckets.delete(key);
		this.#makeRoom();
		this.#buckets.set(key, bucket);
		return bucket;
	}

	/** Milliseconds until a bucket is full again. */
	left({ until }: Bucket): number {
		return Math.max(0, until - this.#clock.now());
	}

	ban(key: string, ms: number): void {
		this.#buckets.delete(key);
		this.#bans.delete(key);
		this.#makeRoom();
		this.#bans.set(key, this.#clock.now() + ms);
	}

	/** True when there was a ban. */
	unban(key: string): boolean {
		const wasBanned = this.banned(key) > 0;
		this.#bans.delete(key);
		return wasBanned;
	}

	reset(key: string): void {
		this.#buckets.delete(key);
		this.#bans.delete(key);
	}

	clear(): void {
		this.#buckets.clear();
		this.#bans.clear();
		this.#sweeping = undefined;
	}

	/** Entries, expired ones among them. */
	get size(): number {
		return this.#buckets.size + this.#bans.size;
	}

	#makeRoom(): void {
		if (this.size >= SWEEP_FROM) this.#sweep();
		if (this.size < this.#max) return;
		const from = this.#buckets.size > 0 ? this.#buckets : this.#bans;
		from.delete(from.keys().next().value!);
	}

	/** Looks at a few, so that no call pays for all of them. */
	#sweep(): void {
		const now = this.#clock.now();
		const sweeping = (this.#sweeping ??= { buckets: this.#buckets.entries(), bans: this.#bans.entries() });
		for (let i = 0; i < SWEPT; i++) {
			const bucket = sweeping.buckets.next();
			if (!bucket.done && bucket.value[1].until <= now) this.#buckets.delete(bucket.value[0]);
			const ban = sweeping.bans.next();
			if (!ban.done && ban.value[1] <= now) this.#bans.delete(ban.value[0]);
			if (bucket.done && ban.done) {
				this.#sweeping = undefined;
				return;
			}
		}
	}
}
