import type { RateLimitStore } from '../contract/store/rate-limit.ts';
import { RateLimiter as Local, SharedRateLimiter as Shared, type RateLimitOptions } from '../service/rate-limit/limiter.ts';
import { processParts } from './parts.ts';

export type { ConsumeResult, RateLimitOptions } from '../service/rate-limit/limiter.ts';

/** How much each key may do, in this process. */
export type RateLimiter = Pick<Local, keyof Local>;
/** The same over all workers. */
export type SharedRateLimiter = Pick<Shared, keyof Shared>;

/** Options of a limiter that all workers share. */
export interface SharedRateLimitOptions extends Omit<RateLimitOptions, 'clock' | 'maxBuckets'> {
	/** `platform.stores.rateLimit`. Two limiters of one store share the buckets of equal keys. */
	readonly store: RateLimitStore;
}

/**
 * Limits what connections do. With `store` over all workers, and with promises. Throws for an option out of range.
 *
 * @example
 * const limiter = createRateLimit({ points: 10, interval: 1_000 });
 * export function message(ws, context) {
 * 	if (!limiter.consume(ws).allowed) return;
 * }
 */
export function createRateLimit(options: SharedRateLimitOptions): SharedRateLimiter;
export function createRateLimit(options: RateLimitOptions): RateLimiter;
export function createRateLimit(options: RateLimitOptions | SharedRateLimitOptions): RateLimiter | SharedRateLimiter {
	return 'store' in options ? new Shared(options) : new Local({ clock: processParts('ratelimit').clock, ...options });
}
