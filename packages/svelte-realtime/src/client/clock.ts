/** Time as the page's client needs it. Stopping is a function, because not every browser knows `Symbol.dispose`. */
export interface PageClock {
	/** Milliseconds; goes on while the device sleeps, never back. */
	now(): number;
	/** Runs `run` once after `ms` milliseconds, unless stopped before. */
	after(ms: number, run: () => void): () => void;
}

/** Longest time that a timer of a browser can take; it fires at once for more. */
const MAX_TIMER = 2 ** 31 - 1;

export function createClock(): PageClock {
	let latest = 0;
	return {
		now: () => (latest = Math.max(latest, Date.now())),
		after(ms, run) {
			let timer: unknown;
			const wait = (left: number): void => {
				timer = setTimeout(() => (left > MAX_TIMER ? wait(left - MAX_TIMER) : run()), Math.min(left, MAX_TIMER));
				// Outside browsers a timer would keep the process alive.
				if (typeof timer === 'object') (timer as { unref?(): void }).unref?.();
			};
			wait(ms);
			return () => clearTimeout(timer as number);
		}
	};
}
