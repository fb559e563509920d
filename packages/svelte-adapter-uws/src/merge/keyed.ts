import type { BatchReducer, MergeEvent } from './reducer.ts';
import { cleanRow, keyOf } from './row.ts';

const EVENTS: readonly string[] = ['created', 'updated', 'deleted'];

/** Rows by key, on an object without a prototype: any key is only a key. */
export type Keyed = Readonly<Record<string, unknown>>;

/** Rows by their field `key`. Rows without it are left out. */
export function keyedFrom(rows: readonly unknown[], key = 'id'): Keyed {
	const record = Object.create(null) as Record<string, unknown>;
	for (const row of rows) {
		const id = keyOf(row, key);
		if (id !== undefined) record[String(id)] = cleanRow(row);
	}
	return record;
}

/** Rows by key: `created` and `updated` set, `deleted` removes. Events whose data lacks the key are ignored. */
export function createKeyedReducer(key = 'id'): BatchReducer<Keyed> {
	const reduceAll = (state: Keyed, events: readonly MergeEvent[]): Keyed => {
		let next: Record<string, unknown> | undefined;
		for (const { event, data } of events) {
			const id = EVENTS.includes(event) ? keyOf(data, key) : undefined;
			if (id === undefined) continue;
			const name = String(id);
			const known = Object.hasOwn(next ?? state, name);
			if (event === 'deleted' ? !known : known && (next ?? state)[name] === data) continue;
			next ??= Object.assign(Object.create(null) as Record<string, unknown>, state);
			if (event === 'deleted') delete next[name];
			else next[name] = cleanRow(data);
		}
		return next ?? state;
	};
	return { reduceAll, reduce: (state, event, data) => reduceAll(state, [{ event, data }]) };
}
