import type { Clock } from '../../contract/clock.ts';
import type { Connection } from '../../contract/connection.ts';
import type { RateLimitStore, RateRule, RateVerdict } from '../../contract/store/rate-limit.ts';
import { checkCap, checkNumber, checkSpan } from '../plugin/check.ts';
import { atOnce } from '../plugin/maybe.ts';
import { Buckets } from './buckets.ts';

export type ConsumeResult = RateVerdict;

export interface RateLimitOptions {
	/** What a full bucket holds: a whole number of 1 or more. */
	readonly points: number;
	/** Milliseconds after which a bucket is full again, counted from its first use. */
	readonly interval: number;
	/** Milliseconds for which a key that asks too much is banned; 0 = it waits for its bucket. Default 0. */
	readonly blockDuration?: number;
	/** Who shares a bucket: an address, a connection, or what the function gives for it. Default `ip`. */
	readonly keyBy?: 'ip' | 'connection' | ((ws: Connection) => string);
	/** Keys that are known; the oldest goes, banned ones last. Default 1,000,000. */
	readonly maxBuckets?: number;
	/** Default the time of the machine. */
	readonly clock?: Clock;
}

const BAN_MS = 60_000;
/** Whoever has no address shares one bucket. */
const NOBODY = 'unknown';

/** What a limiter has been told to do. */
interface Rule {
	readonly rule: Required<RateRule>;
	readonly keyOf: (ws: Connection) => string;
	/** Milliseconds of a ban that names none. */
	readonly banMs: number;
}

/** Reads the options that both limiters have; throws for those out of range. */
function readRule({ points, interval, blockDuration = 0, keyBy = 'ip' }: RateLimitOptions): Rule {
	checkCap('createRateLimit: points', points);
	checkSpan('createRateLimit: interval', interval);
	checkNumber('createRateLimit: blockDuration', blockDuration, { min: 0 });
	if (keyBy !== 'ip' && keyBy !== 'connection' && typeof keyBy !== 'function')
		throw new TypeError(`createRateLimit: keyBy: got ${String(keyBy)}, expected ip, connection or a function.`);
	return {
		rule: { points, intervalMs: interval, blockMs: blockDuration },
		keyOf:
			keyBy === 'ip' ? addressOf : keyBy === 'connection' ? (ws) => ws.id : (ws) => atOnce('createRateLimit: keyBy', keyBy(ws)),
		banMs: blockDuration > 0 ? blockDuration : BAN_MS
	};
}

/** Throws a RangeError for what nobody can pay. */
const checkCost = (cost: number): number => checkNumber('consume: cost', cost, { min: 0 });

function addressOf(ws: Connection): string {
	const { remoteAddress, ip, address } = (ws.getUserData() ?? {}) as Readonly<Record<string, unknown>>;
	return String(remoteAddress || ip || address || NOBODY);
}

/** How much each key may do, in one process. */
export class RateLimiter {
	readonly #told: Rule;
	readonly #buckets: Buckets;

	constructor(options: RateLimitOptions & { readonly clock: Clock }) {
		this.#told = readRule(options);
		this.#buckets = new Buckets(options.clock, checkCap('createRateLimit: maxBuckets', options.maxBuckets ?? 1_000_000));
	}

	/** Takes `cost` points of a connection's bucket, or none when there are fewer. Throws a RangeError for a cost below 0. */
	consume(ws: Connection, cost: number = 1): ConsumeResult {
		checkCost(cost);
		const { rule, keyOf } = this.#told;
		const key = keyOf(ws);
		const banned = this.#buckets.banned(key);
		if (banned > 0) return { allowed: false, remaining: 0, resetMs: banned };
		const bucket = this.#buckets.get(key, rule.points, rule.intervalMs);
		const allowed = bucket.points >= cost;
		if (!allowed && rule.blockMs > 0) {
			this.#buckets.ban(key, rule.blockMs);
			return { allowed, remaining: 0, resetMs: rule.blockMs };
		}
		if (allowed) bucket.points -= cost;
		return { allowed, remaining: bucket.points, resetMs: this.#buckets.left(bucket) };
	}

	/** Forgets a key, with its ban. */
	reset(key: string): void {
		this.#buckets.reset(key);
	}

	/** Refuses a key, whatever it asks. `ms` defaults to `blockDuration`, or a minute. */
	ban(key: string, ms: number = this.#told.banMs): void {
		this.#buckets.ban(key, checkSpan('ban: ms', ms));
	}

	/** Ends a ban; true when there was one. */
	unban(key: string): boolean {
		return this.#buckets.unban(key);
	}

	clear(): void {
		this.#buckets.clear();
	}
}

/** The same over all nodes, in a store that also says how many keys are known. */
export class SharedRateLimiter {
	readonly #told: Rule;
	readonly #store: RateLimitStore;

	constructor(options: Omit<RateLimitOptions, 'clock' | 'maxBuckets'> & { readonly store: RateLimitStore }) {
		this.#told = readRule(options);
		this.#store = options.store;
	}

	/** Takes `cost` points of a connection's bucket, or none when there are fewer. Rejects when the store does not answer. */
	async consume(ws: Connection, cost: number = 1): Promise<ConsumeResult> {
		return this.#store.take(this.#told.keyOf(ws), checkCost(cost), this.#told.rule);
	}

	reset(key: string): Promise<void> {
		return this.#store.reset(key);
	}

	async ban(key: string, ms: number = this.#told.banMs): Promise<void> {
		await this.#store.ban(key, checkSpan('ban: ms', ms));
	}

	unban(key: string): Promise<boolean> {
		return this.#store.unban(key);
	}
}
