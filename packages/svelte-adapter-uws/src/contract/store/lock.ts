/** The proof of holding a lock. */
export interface Grant {
	readonly token: string;
	/** Grows with every grant of the key: what is written under a smaller one is out of date. */
	readonly fence: number;
}

/** One holder of a key at a time. Who does not renew loses it after its time to live. */
export interface LockStore {
	/** `undefined` while somebody else holds the key. */
	acquire(key: string, ttlMs: number): Promise<Grant | undefined>;
	/** Holds it for `ttlMs` from now; false when it was lost. */
	renew(key: string, token: string, ttlMs: number): Promise<boolean>;
	/** False when it was lost before; whoever holds it now keeps it. */
	release(key: string, token: string): Promise<boolean>;
}
