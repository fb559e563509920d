import type { Readable } from 'svelte-adapter-uws/contract';

/** A store that holds `undefined`: stands in where there is no stream to show. */
export const empty: Readable<undefined> = {
	subscribe(run) {
		run(undefined);
		return () => {};
	}
};
