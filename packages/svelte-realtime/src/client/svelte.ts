import type { Readable } from 'svelte-adapter-uws/contract';
import * as stores from 'svelte/store';

// As members of the module: with Svelte 4 there are none, which must not keep this one from loading.
const fromStore: typeof stores.fromStore | undefined = stores.fromStore;
const toStore: typeof stores.toStore | undefined = stores.toStore;

/** A value for `$derived` and templates of Svelte 5. */
export interface Rune<T> {
	readonly current: T;
}

/** The store as a value with `current`, which Svelte 5 follows. Throws on Svelte 4. */
export function rune<T>(store: Readable<T>): Rune<T> {
	if (!fromStore) throw new Error('rune() needs Svelte 5. With Svelte 4, subscribe to the store: $store.');
	return fromStore(store);
}

/** A function as a store: in Svelte 5 it is asked again whenever the state changes that it has read, in Svelte 4 once. */
export function asked(get: () => unknown): Readable<unknown> {
	if (toStore) return toStore(get);
	return {
		subscribe(run) {
			run(get());
			return () => {};
		}
	};
}
