import type { Clock } from 'svelte-adapter-uws/contract';
import type { Lock, LockWait } from '../define/lock.ts';
import { LiveError } from '../shared/error.ts';
import type { Violated } from './invariants.ts';

interface Waiter {
	readonly go: () => void;
	readonly refuse: (reason: unknown) => void;
}

/** Locks within one process: first come, first served for each key; different keys do not wait for each other. */
export class KeyedLock implements Lock {
	readonly #clock: Pick<Clock, 'after'>;
	readonly #violated: Violated;
	/** Who waits for each key that is held. */
	readonly #queues = new Map<string, Waiter[]>();

	constructor(clock: Pick<Clock, 'after'>, violated: Violated) {
		this.#clock = clock;
		this.#violated = violated;
	}

	/** Keys that are held. */
	get size(): number {
		return this.#queues.size;
	}

	async withLock<T>(key: string, run: () => T | Promise<T>, wait: LockWait = {}): Promise<T> {
		const queue = this.#queues.get(key);
		if (queue) await this.#wait(queue, key, wait);
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

	#wait(queue: Waiter[], key: string, { maxWaitMs, signal }: LockWait): Promise<void> {
		if (signal?.aborted) return Promise.reject(signal.reason as Error);
		return new Promise((resolve, reject) => {
			const leave = (reason: unknown): void => {
				const place = queue.indexOf(waiter);
				if (place >= 0) queue.splice(place, 1);
				else this.#violated('realtime/lock-waiter', { key });
				waiter.refuse(reason);
			};
			const timer =
				maxWaitMs === undefined
					? undefined
					: this.#clock.after(maxWaitMs, () =>
							leave(new LiveError('LOCK_TIMEOUT', `${key} was not free within ${maxWaitMs} ms.`))
						);
			const aborted = (): void => leave(signal?.reason);
			signal?.addEventListener('abort', aborted);
			const settle =
				<Args extends unknown[]>(end: (...args: Args) => void) =>
				(...args: Args): void => {
					timer?.[Symbol.dispose]();
					signal?.removeEventListener('abort', aborted);
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
