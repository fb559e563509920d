import type { BatchReducer, MergeEvent } from './reducer.ts';
import { cleanRow, keyOf } from './row.ts';

/** What one event does to the rows, given by key in the order of adding; false = nothing. */
export type ListRule = (rows: Map<unknown, unknown>, id: unknown, row: unknown, max: number) => boolean;

/** How events change a list of rows. */
export interface ListRules {
	readonly key: string;
	/** New rows go to the front. */
	readonly prepend: boolean;
	/** Rows kept when one is added; 0 = all. The rows that were added first go first. */
	readonly max: number;
	/** By event; events that are not named do nothing. */
	readonly events: Readonly<Record<string, ListRule>>;
	/** The value that an event puts in the place of the list. */
	readonly replace?: (event: string, data: unknown) => { readonly value: unknown } | undefined;
}

/** Adds a row, or replaces the row of its key in place. */
export const put: ListRule = (rows, id, row, max) => {
	const { size } = rows;
	if (rows.get(id) === row) return false;
	rows.set(id, row);
	// A row that was there already makes none too many.
	const limit = rows.size > size && max > 0 ? max : Infinity;
	while (rows.size > limit) rows.delete(rows.keys().next().value);
	return true;
};

/** Replaces the row of its key. */
export const patch: ListRule = (rows, id, row, max) => rows.has(id) && put(rows, id, row, max);

/** Removes the row of a key. */
export const remove: ListRule = (rows, id) => rows.delete(id);

/**
 * Creates the reducer of a list of rows that are told apart by a field. A state that is no array counts as the empty list; of two
 * rows with one key the newer one stays.
 */
export function createListReducer({ key, prepend, max, events, replace }: ListRules): BatchReducer<unknown> {
	// The rows of the latest state by key, in the order of adding: going on from there needs no look over the whole list.
	let latest: unknown;
	let rows = new Map<unknown, unknown>();

	const read = (state: unknown): void => {
		latest = state;
		rows = new Map();
		const list = Array.isArray(state) ? state.slice() : [];
		if (prepend) list.reverse();
		for (const row of list) rows.set(keyOf(row, key) ?? Symbol(), row);
	};

	const reduceAll = (state: unknown, batch: readonly MergeEvent[]): unknown => {
		if (state !== latest) read(state);
		let changed = false;
		for (const { event, data } of batch) {
			const fresh = replace?.(event, data);
			if (fresh) {
				read(fresh.value);
				changed = false;
				continue;
			}
			const id = keyOf(data, key);
			if (id !== undefined && Object.hasOwn(events, event) && events[event]!(rows, id, cleanRow(data), max)) changed = true;
		}
		if (changed) {
			const list = [...rows.values()];
			latest = prepend ? list.reverse() : list;
		}
		return latest;
	};
	return { reduceAll, reduce: (state, event, data) => reduceAll(state, [{ event, data }]) };
}
