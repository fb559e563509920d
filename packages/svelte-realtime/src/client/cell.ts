import type { Readable } from 'svelte-adapter-uws/contract';

/** A value that can be set and watched. Setting what it already holds tells nobody. */
export interface Cell<T> extends Readable<T> {
	readonly value: T;
	set(value: T): void;
}

/** Reports what a callback of the app has thrown as uncaught, so that it stops nothing here. */
export function report(error: unknown): void {
	queueMicrotask(() => {
		throw error;
	});
}

/**
 * Creates a store of Svelte's contract without Svelte. A watcher that throws does not keep the others from hearing; its error
 * is reported as uncaught.
 */
export function createCell<T>(initial: T): Cell<T> {
	let value = initial;
	let turn = 0;
	const watchers = new Set<{ readonly run: (value: T) => void }>();

	const tell = (run: (value: T) => void): void => {
		try {
			run(value);
		} catch (error) {
			report(error);
		}
	};

	return {
		get value() {
			return value;
		},
		set(next) {
			if (Object.is(next, value)) return;
			value = next;
			const mine = ++turn;
			for (const watcher of [...watchers]) {
				// A watcher that sets the cell has told everybody the newer value already.
				if (turn !== mine) return;
				if (watchers.has(watcher)) tell(watcher.run);
			}
		},
		subscribe(run) {
			const watcher = { run };
			watchers.add(watcher);
			try {
				run(value);
			} catch (error) {
				// Its owner gets nothing to leave with.
				watchers.delete(watcher);
				throw error;
			}
			return () => void watchers.delete(watcher);
		}
	};
}
