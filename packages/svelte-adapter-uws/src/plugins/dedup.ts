import type { IdempotencyStore } from '../contract/store/idempotency.ts';
import { LocalDedup, SharedDedup as Shared, type DedupOptions } from '../service/dedup/dedup.ts';
import { processParts } from './parts.ts';

export type { DedupOptions } from '../service/dedup/dedup.ts';

/** Which ids were seen, in this process. */
export type Dedup = Pick<LocalDedup, keyof LocalDedup>;
/** The same over all workers. */
export type SharedDedup = Pick<Shared, keyof Shared>;

/** Options of a dedup that all workers share. */
export interface SharedDedupOptions extends Pick<DedupOptions, 'ttl' | 'maxIdLength'> {
	/** `platform.stores.idempotency`. Two dedups of one store share their ids. */
	readonly store: IdempotencyStore;
}

/**
 * Tells the first time of an id from the others. With `store` over all workers, and with promises. Throws for an option out of range.
 *
 * @example
 * const seen = createDedup({ ttl: 60_000 });
 * if (!seen.claim(order.requestId)) return;
 */
export function createDedup(options: SharedDedupOptions): SharedDedup;
export function createDedup(options: DedupOptions): Dedup;
export function createDedup(options: DedupOptions | SharedDedupOptions): Dedup | SharedDedup {
	return 'store' in options ? new Shared(options) : new LocalDedup({ clock: processParts('dedup').clock, ...options });
}
