import type { Clock } from '../contract/clock.ts';

/** Somebody took longer than they may. */
export class TimeoutError extends Error {
	override readonly name = 'TimeoutError';

	constructor(ms: number) {
		super(`It took longer than ${ms} ms.`);
	}
}

/**
 * What `work` gives, or a TimeoutError after `ms` milliseconds; 0 = no limit. What comes later is forgotten. Rejects with its reason
 * when `signal` aborts first.
 */
export function within<T>(clock: Clock, ms: number, work: PromiseLike<T>, signal?: AbortSignal): Promise<T> {
	if (ms === 0 && !signal) return Promise.resolve(work);
	return new Promise((resolve, reject) => {
		const timer = ms > 0 ? clock.after(ms, () => end(() => reject(new TimeoutError(ms)))) : undefined;
		const left = (): void => end(() => reject(signal?.reason as Error));
		const end = (settle: () => void): void => {
			timer?.[Symbol.dispose]();
			signal?.removeEventListener('abort', left);
			settle();
		};
		signal?.addEventListener('abort', left);
		if (signal?.aborted) left();
		Promise.resolve(work).then(
			(value) => end(() => resolve(value)),
			(error: unknown) => end(() => reject(error as Error))
		);
	});
}
