import type { Readable } from '../contract/client.ts';
import { createHub, onlyOnce } from './guard.ts';

/** A value that can be set and watched: a store for Svelte 4 and 5, without Svelte. */
export interface Cell<T> extends Readable<T> {
	readonly value: T;
	/** Tells every watcher, unless the value is the same primitive as before. */
	set(value: T): void;
}

/** Creates a cell. A watcher that throws does not keep the others from hearing. */
export function createCell<T>(value: T): Cell<T> {
	const watchers = createHub<T>();
	return {
		get value() {
			return value;
		},
		set(next) {
			if (next === value && Object(next) !== next) return;
			value = next;
			watchers.emit(next);
		},
		subscribe(run) {
			const leave = watchers.add(run);
			run(value);
			return leave;
		}
	};
}

/**
 * A store that works only while somebody watches it: `start` runs for the first watcher, what it returns after the last one has
 * left. The value is then `initial` again, unless it is to be kept.
 */
export function createLazyStore<T>(initial: T, start: (cell: Cell<T>) => () => void, keep = false): Readable<T> {
	let cell = createCell(initial);
	let watchers = 0;
	let stop: () => void;
	return {
		subscribe(run) {
			if (watchers++ === 0) stop = start(cell);
			const leave = cell.subscribe(run);
			return onlyOnce(() => {
				leave();
				if (--watchers > 0) return;
				stop();
				if (!keep) cell = createCell(initial);
			});
		}
	};
}
