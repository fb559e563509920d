import type { Clock } from '../../contract/clock.ts';
import type { Grant, LockStore } from '../../contract/store/lock.ts';
import { Expiring } from '../expiring.ts';

const MAX_KEYS = 1_000_000;

/** Locks of one process. */
export class MemoryLockStore implements LockStore {
	readonly #tokens: Expiring<string>;
	readonly #randomId: () => string;
	/** One counter for all keys grows for each of them, and needs no entry that outlives the lock. */
	#fence = 0;

	constructor(clock: Clock, randomId: () => string, maxKeys: number = MAX_KEYS) {
		this.#tokens = new Expiring(clock, 'lock store', maxKeys);
		this.#randomId = randomId;
	}

	async acquire(key: string, ttlMs: number): Promise<Grant | undefined> {
		if (this.#tokens.get(key) !== undefined) return undefined;
		const token = this.#randomId();
		this.#tokens.set(key, token, ttlMs);
		return { token, fence: ++this.#fence };
	}

	async renew(key: string, token: string, ttlMs: number): Promise<boolean> {
		if (this.#tokens.get(key) !== token) return false;
		this.#tokens.set(key, token, ttlMs);
		return true;
	}

	async release(key: string, token: string): Promise<boolean> {
		return this.#tokens.get(key) === token && this.#tokens.delete(key);
	}
}
