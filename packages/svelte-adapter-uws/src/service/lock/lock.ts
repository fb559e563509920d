import type { Clock } from '../../contract/clock.ts';
import { checkCap, checkFunction, checkKey, checkNumber } from '../plugin/check.ts';
import { LockClearedError, LockQueueFullError, LockTimeoutError } from './errors.ts';

export interface WithLockOptions {
	/** Milliseconds to wait for the key; 0 = not at all. Default: for as long as it takes. */
	readonly maxWaitMs?: number;
}

export interface LockOptions {
	/** Keys that are held at a time; one too many is refused. Default 1,000,000. */
	readonly maxKeys?: number;
	/** UTF-16 units. Default 256. */
	readonly maxKeyLength?: number;
	/** Callers that wait for one key. Default 1,000. */
	readonly maxWaitersPerKey?: number;
	/** Default the time of the machine. */
	readonly clock?: Clock;
}

interface Waiter {
	readonly go: () => void;
	readonly fail: (error: Error) => void;
}

/** One at a time for each key, in the order of asking. */
export class LocalLock {
	readonly #clock: Clock;
	readonly #limits: Required<Omit<LockOptions, 'clock'>>;
	/** Who waits for each key that is held. */
	readonly #keys = new Map<string, Set<Waiter>>();

	constructor({
		clock,
		maxKeys = 1_000_000,
		maxKeyLength = 256,
		maxWaitersPerKey = 1_000
	}: LockOptions & { readonly clock: Clock }) {
		this.#clock = clock;
		this.#limits = {
			maxKeys: checkCap('createLock: maxKeys', maxKeys),
			maxKeyLength: checkCap('createLock: maxKeyLength', maxKeyLength),
			maxWaitersPerKey: checkCap('createLock: maxWaitersPerKey', maxWaitersPerKey)
		};
	}

	/**
	 * Runs `run` while nobody else holds the key, and gives what it gives. Asking for the same key inside of it waits for ever. Rejects
	 * with a LockTimeoutError, LockQueueFullError or LockClearedError, with what `run` throws, and for bad arguments.
	 */
	async withLock<T>(key: string, run: () => T | Promise<T>, { maxWaitMs = Infinity }: WithLockOptions = {}): Promise<T> {
		checkKey('withLock: key', key, this.#limits.maxKeyLength);
		checkFunction('withLock: fn', run);
		checkNumber('withLock: maxWaitMs', maxWaitMs, { min: 0, endless: true });
		await this.#enter(key, maxWaitMs);
		try {
			return await run();
		} finally {
			this.#leave(key);
		}
	}

	/** Whether somebody holds the key. */
	held(key: string): boolean {
		return this.#keys.has(key);
	}

	/** Number of keys that are held. */
	size(): number {
		return this.#keys.size;
	}

	/** Sends everybody away who waits. Who holds a key goes on, and holds it until then. */
	clear(): void {
		for (const [key, waiters] of this.#keys) {
			const all = [...waiters];
			waiters.clear();
			for (const { fail } of all) fail(new LockClearedError(key));
		}
	}

	#enter(key: string, maxWaitMs: number): Promise<void> | undefined {
		const { maxKeys, maxWaitersPerKey } = this.#limits;
		const waiters = this.#keys.get(key);
		if (!waiters) {
			if (this.#keys.size >= maxKeys)
				throw new RangeError(`createLock: ${maxKeys} keys are held, which is all that may (maxKeys). Try again later.`);
			this.#keys.set(key, new Set());
			return undefined;
		}
		if (maxWaitMs === 0) throw new LockTimeoutError(key, maxWaitMs);
		if (waiters.size >= maxWaitersPerKey) throw new LockQueueFullError(key, maxWaitersPerKey);
		return new Promise((resolve, reject) => {
			let timer: Disposable | undefined;
			const waiter: Waiter = {
				go() {
					timer?.[Symbol.dispose]();
					resolve();
				},
				fail(error) {
					timer?.[Symbol.dispose]();
					reject(error);
				}
			};
			waiters.add(waiter);
			if (maxWaitMs === Infinity) return;
			timer = this.#clock.after(maxWaitMs, () => {
				waiters.delete(waiter);
				reject(new LockTimeoutError(key, maxWaitMs));
			});
		});
	}

	/** The key goes over to the next one, without being free in between. */
	#leave(key: string): void {
		const waiters = this.#keys.get(key)!;
		const [next] = waiters;
		if (!next) return void this.#keys.delete(key);
		waiters.delete(next);
		next.go();
	}
}
