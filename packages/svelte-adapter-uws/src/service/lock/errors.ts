/** Nobody let go of the key in time. */
export class LockTimeoutError extends Error {
	override readonly name = 'LockTimeoutError';
	readonly code = 'LOCK_TIMEOUT';
	readonly key: string;
	readonly maxWaitMs: number;

	constructor(key: string, maxWaitMs: number) {
		super(`The lock ${JSON.stringify(key)} was not free within ${maxWaitMs} ms. Try again later, or wait longer.`);
		this.key = key;
		this.maxWaitMs = maxWaitMs;
	}
}

/** Too many wait for the key already. */
export class LockQueueFullError extends Error {
	override readonly name = 'LockQueueFullError';
	readonly code = 'LOCK_QUEUE_FULL';
	readonly key: string;
	readonly maxWaitersPerKey: number;

	constructor(key: string, maxWaitersPerKey: number) {
		super(`${maxWaitersPerKey} callers wait for the lock ${JSON.stringify(key)}, which is all that may. Try again later.`);
		this.key = key;
		this.maxWaitersPerKey = maxWaitersPerKey;
	}
}

/** `clear()` sent the waiters away. */
export class LockClearedError extends Error {
	override readonly name = 'LockClearedError';
	readonly code = 'LOCK_CLEARED';
	readonly key: string;

	constructor(key: string) {
		super(`The lock ${JSON.stringify(key)} was cleared while a caller waited for it.`);
		this.key = key;
	}
}

/** The holder of a shared lock could not renew it, so another one may hold it now. */
export class LockLostError extends Error {
	override readonly name = 'LockLostError';
	readonly code = 'LOCK_LOST';
	readonly key: string;

	constructor(key: string) {
		super(`The lock ${JSON.stringify(key)} was lost: it could not be renewed in time. Undo or repeat what was done under it.`);
		this.key = key;
	}
}
