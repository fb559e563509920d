import type { Clock } from '../../contract/clock.ts';
import type { Grant, LockStore } from '../../contract/store/lock.ts';
import { checkSpan } from '../plugin/check.ts';
import { LockLostError, LockTimeoutError } from './errors.ts';
import { LocalLock, type LockOptions, type WithLockOptions } from './lock.ts';

export interface SharedLockOptions extends LockOptions {
	/** `platform.stores.lock`. */
	readonly store: LockStore;
	/** Milliseconds after which the key of a worker that died is free. Default 30,000. */
	readonly ttl?: number;
	/** Milliseconds between two attempts while another worker holds the key. Default 50. */
	readonly retry?: number;
}

/** What runs under a shared lock. */
export interface Holding {
	/** Aborts when the lock was lost; what is done after that is done without it. */
	readonly signal: AbortSignal;
	/** Grows with every grant of the key: have what you write to refuse a smaller one. */
	readonly fence: number;
}

/** One at a time for each key, over all nodes. On one node in the order of asking; among nodes, whoever comes first. */
export class SharedLock {
	readonly #local: LocalLock;
	readonly #clock: Clock;
	readonly #store: LockStore;
	readonly #ttl: number;
	readonly #retry: number;

	constructor({ store, ttl = 30_000, retry = 50, ...options }: SharedLockOptions & { readonly clock: Clock }) {
		this.#local = new LocalLock(options);
		this.#clock = options.clock;
		this.#store = store;
		this.#ttl = checkSpan('createLock: ttl', ttl);
		this.#retry = checkSpan('createLock: retry', retry);
	}

	/**
	 * Runs `run` while nobody else holds the key on any node. As that of one process; also rejects with a LockLostError when the key was
	 * lost before `run` was over, and when the store does not answer.
	 */
	withLock<T>(key: string, run: (holding: Holding) => T | Promise<T>, options: WithLockOptions = {}): Promise<T> {
		const { maxWaitMs = Infinity } = options;
		const until = this.#clock.now() + maxWaitMs;
		return this.#local.withLock(
			key,
			async () => {
				const grant = await this.#acquire(key, until, maxWaitMs);
				return this.#hold(key, grant, run);
			},
			options
		);
	}

	/** Whether somebody on this node holds the key, or tries to. */
	held(key: string): boolean {
		return this.#local.held(key);
	}

	/** Number of keys that somebody on this node holds, or tries to. */
	size(): number {
		return this.#local.size();
	}

	/** Sends everybody on this node away who waits behind another one of it. */
	clear(): void {
		this.#local.clear();
	}

	async #acquire(key: string, until: number, maxWaitMs: number): Promise<Grant> {
		for (;;) {
			const grant = await this.#store.acquire(key, this.#ttl);
			if (grant) return grant;
			const left = until - this.#clock.now();
			if (left <= 0) throw new LockTimeoutError(key, maxWaitMs);
			await new Promise<void>((resolve) => this.#clock.after(Math.min(this.#retry, left), resolve));
		}
	}

	async #hold<T>(key: string, { token, fence }: Grant, run: (holding: Holding) => T | Promise<T>): Promise<T> {
		const lost = new AbortController();
		let timer: Disposable | undefined;
		const renew = (): void => {
			timer = this.#clock.after(this.#ttl / 3, () => {
				const asked = this.#clock.now();
				this.#store.renew(key, token, this.#ttl).then(
					(isHeld) => (isHeld ? (expiry = asked + this.#ttl) : lost.abort(new LockLostError(key))),
					() => {
						// Whether it was renewed is not known; what was granted before runs on.
						if (this.#clock.now() >= expiry) lost.abort(new LockLostError(key));
					}
				);
				if (!lost.signal.aborted) renew();
			});
		};
		let expiry = this.#clock.now() + this.#ttl;
		renew();
		try {
			const result = await run({ signal: lost.signal, fence });
			lost.signal.throwIfAborted();
			return result;
		} finally {
			timer?.[Symbol.dispose]();
			// What the store cannot take back now runs out by itself.
			await this.#store.release(key, token).catch(() => false);
		}
	}
}
