/** Time as the page's client needs it. Stopping is a function, because not every browser knows `Symbol.dispose`. */
export interface PageClock {
	/** Milliseconds; goes on while the device sleeps, never back. */
	now(): number;
	/** Runs `run` once after `ms` milliseconds, unless stopped before. */
	after(ms: number, run: () => void): () => void;
}

export function createClock(): PageClock {
	let latest = 0;
	return {
		now: () => (latest = Math.max(latest, Date.now())),
		after(ms, run) {
			const timer: unknown = setTimeout(run, ms);
			// Outside browsers a timer would keep the process alive.
			if (typeof timer === 'object') (timer as { unref?(): void }).unref?.();
			return () => clearTimeout(timer as number);
		}
	};
}
