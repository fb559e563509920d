import type { PageClock } from '../clock.ts';
import { loadDelay } from './backoff.ts';

/** What a page does shortly after it is connected again, all of it at one moment: so pages spread, and what one of them asks travels together. */
export class Soon {
	readonly #clock: PageClock;
	readonly #random: () => number;
	readonly #due = new Set<() => void>();
	#stop: (() => void) | undefined;

	constructor(clock: PageClock, random: () => number) {
		this.#clock = clock;
		this.#random = random;
	}

	/** Runs `run`, which is not due yet, at the next moment; gives what keeps it from that. */
	add(run: () => void): () => void {
		const due = this.#due;
		if (due.size === 0)
			this.#stop = this.#clock.after(loadDelay(1, this.#random), () => {
				const all = [...due];
				due.clear();
				for (const each of all) each();
			});
		due.add(run);
		return () => {
			if (due.delete(run) && due.size === 0) this.#stop?.();
		};
	}
}
