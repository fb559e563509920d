import type { Clock } from 'svelte-adapter-uws/contract';
import type { Lock, LockWait } from '../define/lock.ts';
import { LiveError } from '../shared/error.ts';

interface Waiter {
	readonly go: () => void;
	readonly refuse: (reason: LiveError) => void;
}

/** Locks within one process: first come, first served for each key; different keys do not wait for each other. */
export class KeyedLock implements Lock {
	readonly #clock: Pick<Clock, 'after'>;
	/** Who waits for each key that is held. */
	readonly #queues = new Map<string, Waiter[]>();

	constructor(clock: Pick<Clock, 'after'>) {
		this.#clock = clock;
	}

	/** Keys that are held. */
	get size(): number {
		return this.#queues.size;
	}

	async withLock<T>(key: string, run: () => T | Promise<T>, { maxWaitMs }: LockWait = {}): Promise<T> {
		const queue = this.#queues.get(key);
		if (queue) await this.#wait(queue, key, maxWaitMs);
		else this.#queues.set(key, []);
		try {
			return await run();
		} finally {
			this.#release(key);
		}
	}

	/** Refuses everybody who waits with `LOCK_CLEARED`; those who hold a key go on. */
	clear(): void {
		for (const queue of this.#queues.values()) for (const { refuse } of queue.splice(0)) refuse(new LiveError('LOCK_CLEARED'));
	}

	#wait(queue: Waiter[], key: string, maxWaitMs: number | undefined): Promise<void> {
		return new Promise((resolve, reject) => {
			const timer =
				maxWaitMs === undefined
					? undefined
					: this.#clock.after(maxWaitMs, () => {
							queue.splice(queue.indexOf(waiter), 1);
							reject(new LiveError('LOCK_TIMEOUT', `${key} was not free within ${maxWaitMs} ms.`));
						});
			const settle =
				<Args extends unknown[]>(end: (...args: Args) => void) =>
				(...args: Args): void => {
					timer?.[Symbol.dispose]();
					end(...args);
				};
			const waiter: Waiter = { go: settle(resolve), refuse: settle(reject) };
			queue.push(waiter);
		});
	}

	#release(key: string): void {
		const next = this.#queues.get(key)?.shift();
		if (next) next.go();
		else this.#queues.delete(key);
	}
}
