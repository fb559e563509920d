import type { Stores } from '../../contract/stores.ts';

/** Stores that can be called from other processes. */
export type StoreName = Exclude<keyof Stores, 'node'>;

/** Every method of every store; nothing else is called for somebody who asks. */
export const STORE_METHODS: { readonly [Name in StoreName]: { readonly [Method in keyof Stores[Name]]: true } } = {
	replay: { append: true, since: true, current: true, forget: true },
	presence: { join: true, leave: true, touch: true, list: true, drop: true },
	cursor: { put: true, remove: true, touch: true, list: true, drop: true },
	group: { join: true, leave: true, touch: true, state: true, close: true, drop: true },
	rateLimit: { take: true, ban: true, unban: true, reset: true },
	lock: { acquire: true, renew: true, release: true },
	idempotency: { claim: true, settle: true, abandon: true, forget: true },
	lease: { hold: true, release: true, current: true, drop: true },
	registry: { open: true, close: true, find: true, touch: true, drop: true },
	session: { get: true, set: true, touch: true, delete: true }
};

/** A call of a store, as it travels. */
export interface StoreCall {
	readonly type: 'call';
	readonly id: number;
	readonly store: string;
	readonly method: string;
	readonly args: readonly unknown[];
}

/** What became of a call: `error` is there when it failed. */
export interface StoreResult {
	readonly type: 'result';
	readonly id: number;
	readonly value?: unknown;
	readonly error?: StoreFault;
}

/** An error as it travels: structured clones of errors lose their name and their code. */
export interface StoreFault {
	readonly name: string;
	readonly message: string;
	readonly code?: string;
}
