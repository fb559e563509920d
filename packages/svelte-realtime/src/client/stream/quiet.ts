import type { Readable } from 'svelte-adapter-uws/contract';
import { createCell } from '../cell.ts';
import type { StreamStatus } from './store.ts';

/** Whether no stream of a page that somebody follows is waiting for its value. */
export class Quiet {
	readonly #cell = createCell(true);
	#waiting = 0;

	get store(): Readable<boolean> {
		return this.#cell;
	}

	/** Counts a stream while somebody follows it; gives how that ends. */
	follow(status: Readable<StreamStatus>): () => void {
		let waits = false;
		const count = (now: boolean): void => {
			if (now === waits) return;
			waits = now;
			this.#waiting += now ? 1 : -1;
			this.#cell.set(this.#waiting === 0);
		};
		const stop = status.subscribe((value) => count(value === 'loading' || value === 'reconnecting'));
		return () => {
			stop();
			count(false);
		};
	}
}
