import { LocalLock, type LockOptions } from '../service/lock/lock.ts';
import { SharedLock, type SharedLockOptions } from '../service/lock/shared.ts';
import { processParts } from './parts.ts';

export { LockClearedError, LockLostError, LockQueueFullError, LockTimeoutError } from '../service/lock/errors.ts';
export type { LockOptions, WithLockOptions } from '../service/lock/lock.ts';
export type { Holding, SharedLockOptions } from '../service/lock/shared.ts';

/** One at a time for each key, in this process. */
export type Lock = Pick<LocalLock, keyof LocalLock>;
/** The same over all workers. */
export type SharedLocks = Pick<SharedLock, keyof SharedLock>;

/**
 * Lets one caller at a time do something with a key. With `store` over all workers. Throws a RangeError for an option out of range.
 *
 * @example
 * const lock = createLock();
 * await lock.withLock(`order:${id}`, () => charge(id), { maxWaitMs: 2_000 });
 */
export function createLock(options: SharedLockOptions): SharedLocks;
export function createLock(options?: LockOptions): Lock;
export function createLock(options: LockOptions | SharedLockOptions = {}): Lock | SharedLocks {
	const { clock } = processParts('lock');
	return 'store' in options ? new SharedLock({ clock, ...options }) : new LocalLock({ clock, ...options });
}
