import type { MergeEvent, Reducer } from './reducer.ts';
import { cleanRow, keyOf } from './row.ts';

/**
 * What one event does to a list of rows. `put` adds a row, or replaces the row of its key in place; `patch` only replaces;
 * `replace` takes another list, `refresh` any other value.
 */
export type ListRule = 'put' | 'patch' | 'remove' | 'replace' | 'refresh';

/** How events change a list of rows. */
export interface ListRules {
	readonly key: string;
	/** New rows go to the front. */
	readonly prepend: boolean;
	/** Rows kept when one is added; 0 = all. The rows that were added first go first. */
	readonly max: number;
	/** By event; events that are not named do nothing. */
	readonly events: Readonly<Record<string, ListRule>>;
}

/** Stands where a row was: positions after it stay what they are until the draft is finished. */
const HOLE: unique symbol = Symbol('hole');

/** Creates the reducer of a list of rows that are told apart by a field. A state that is no array counts as the empty list. */
export function createListReducer({ key, prepend, max, events }: ListRules): Reducer<unknown> {
	// Where the row of a key stands, by state, counted in the order of adding. States that only differ in added rows share one
	// index, so an entry may be ahead of a state: every look-up compares. No entry of a shared index is ever changed.
	const indexes = new WeakMap<object, Map<unknown, number>>();

	const reduceAll = (state: unknown, batch: readonly MergeEvent[]): unknown => {
		let base: unknown;
		let rows: unknown[] = [];
		let index = new Map<unknown, number>();
		let shared = false;
		let holes = 0;
		let first = 0;
		let changed = false;

		const begin = (from: unknown): void => {
			base = from;
			rows = Array.isArray(from) ? from.slice() : [];
			if (prepend) rows.reverse();
			holes = first = 0;
			changed = false;
			const known = Array.isArray(from) ? indexes.get(from) : undefined;
			shared = known !== undefined;
			index = known ?? new Map();
			if (known) return;
			for (let i = 0; i < rows.length; i++) {
				const id = keyOf(rows[i], key);
				if (id === undefined) continue;
				// Of two rows with one key the newer one stays.
				const before = index.get(id);
				if (before !== undefined) vacate(before);
				index.set(id, i);
			}
			if (holes === 0 && Array.isArray(from)) {
				indexes.set(from, index);
				shared = true;
			}
		};
		const vacate = (at: number): void => {
			rows[at] = HOLE;
			holes++;
		};
		const find = (id: unknown): number => {
			const at = index.get(id);
			return at !== undefined && rows[at] !== HOLE && keyOf(rows[at], key) === id ? at : -1;
		};
		const place = (id: unknown, at: number): void => {
			const before = index.get(id);
			if (shared && before !== undefined && before !== at) {
				index = new Map();
				for (let i = 0; i < rows.length; i++) if (rows[i] !== HOLE && keyOf(rows[i], key) !== undefined) index.set(keyOf(rows[i], key), i);
				shared = false;
			}
			index.set(id, at);
		};
		const add = (id: unknown, row: unknown): void => {
			place(id, rows.push(row) - 1);
			while (max > 0 && rows.length - holes > max) {
				while (rows[first] === HOLE) first++;
				vacate(first);
			}
		};

		begin(state);
		for (const { event, data } of batch) {
			const rule = Object.hasOwn(events, event) ? events[event] : undefined;
			if (rule === 'replace' || rule === 'refresh') {
				begin(Array.isArray(data) ? data.map(cleanRow) : rule === 'refresh' ? data : []);
				continue;
			}
			const id = rule && keyOf(data, key);
			if (id === undefined) continue;
			const at = find(id);
			if (at < 0) {
				if (rule !== 'put') continue;
				add(id, cleanRow(data));
			} else if (rule === 'remove') vacate(at);
			else {
				const row = cleanRow(data);
				if (rows[at] === row) continue;
				rows[at] = row;
			}
			changed = true;
		}
		if (!changed) return base;
		const next = holes > 0 ? rows.filter((row) => row !== HOLE) : rows;
		// Rows that are gone keep their entries; an index that is mostly of those is not worth handing on.
		if (holes === 0 && index.size <= 2 * next.length + 32) indexes.set(next, index);
		return prepend ? next.reverse() : next;
	};
	return { reduceAll, reduce: (state, event, data) => reduceAll(state, [{ event, data }]) };
}
