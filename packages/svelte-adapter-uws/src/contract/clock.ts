/** Time, injected so that tests own it. */
export interface Clock {
	/** Milliseconds since an arbitrary fixed point; never runs backwards. */
	now(): number;
	/** Runs `run` once after `ms` milliseconds, unless disposed before. A pending timer does not keep the process alive. */
	after(ms: number, run: () => void): Disposable;
	/** Runs `run` once this turn's I/O callbacks are over, outside any engine callback. */
	soon(run: () => void): void;
}
