import type { Host } from './host.ts';

/** Runs the last of several things once nothing has come for a while; with 0 milliseconds each of them, at once. */
export class Debounce implements Disposable {
	readonly #after: Host['after'];
	readonly #ms: number;
	#waiting: { readonly timer: Disposable; readonly run: () => void } | undefined;

	constructor({ after }: Pick<Host, 'after'>, ms: number) {
		this.#after = after;
		this.#ms = ms;
	}

	call(run: () => void): void {
		if (this.#ms === 0) return run();
		this.#waiting?.timer[Symbol.dispose]();
		this.#waiting = { timer: this.#after(this.#ms, () => this.flush()), run };
	}

	get isWaiting(): boolean {
		return this.#waiting !== undefined;
	}

	/** Runs what waits now. */
	flush(): void {
		const waiting = this.#waiting;
		this[Symbol.dispose]();
		waiting?.run();
	}

	/** Forgets what waits. */
	[Symbol.dispose](): void {
		this.#waiting?.timer[Symbol.dispose]();
		this.#waiting = undefined;
	}
}
