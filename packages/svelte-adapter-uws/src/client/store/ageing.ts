import type { MergeEvent } from '../../merge/reducer.ts';
import { keyOf } from '../../merge/row.ts';
import { LONGEST_TIMEOUT } from '../environment.ts';

/** Rows of one topic, told apart by a field. */
export interface RowOptions {
	/** Identity field of the items. Default `id`. */
	readonly key?: string;
	/**
	 * Milliseconds: an item that was not created or updated for so long goes; looked at every half of it, at most once a second.
	 * Default: never.
	 */
	readonly maxAge?: number | undefined;
}

/** The rows that are known, with the time when each was last created or updated. */
export interface Ageing {
	note(event: string, row: unknown): void;
	stop(): void;
}

/** Milliseconds between two looks at what may be older than `maxAge`. */
export const sweepEvery = (maxAge: number): number => Math.min(Math.max(maxAge / 2, 1000), LONGEST_TIMEOUT);

/** Watches the age of rows, from now on; `merge` hears of those that are too old as of deleted ones. */
export function startAgeing(rows: object, key: string, maxAge: number, merge: (events: readonly MergeEvent[]) => void): Ageing {
	const touched = new Map<unknown, number>();
	const note = (event: string, row: unknown): void => {
		if (event === 'created' || event === 'updated') touched.set(keyOf(row, key), Date.now());
	};
	for (const row of Object.values(rows)) note('created', row);
	const sweep = (): void => {
		const old = [...touched.keys()].filter((id) => Date.now() - touched.get(id)! >= maxAge);
		merge(old.map((id) => (touched.delete(id), { event: 'deleted', data: { [key]: id } })));
	};
	const timer = setInterval(sweep, sweepEvery(maxAge));
	return { note, stop: () => clearInterval(timer) };
}
