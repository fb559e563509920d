import { createCrudReducer } from './merge/crud.ts';
import { createCursorReducer } from './merge/cursor.ts';
import { createLatestReducer } from './merge/latest.ts';
import { createPresenceReducer } from './merge/presence.ts';
import { reduceAll } from './merge/reduce-all.ts';
import type { MergeName, MergeOptions, Reducer } from './merge/reducer.ts';
import { replaceOn } from './merge/replace.ts';
import { createSetReducer } from './merge/set.ts';

export type * from './merge/reducer.ts';
export { reduceAll };

/**
 * Creates the reducer of a merge strategy. The event `refreshed` replaces the whole value under every strategy. `initial` is the
 * value before any data: an empty list, or `undefined` for `set`. Throws a TypeError for a name that is none.
 * @example const { reduce, initial } = createReducer('crud', { key: 'no', prepend: true });
 */
export function createReducer(name: MergeName, options: MergeOptions = {}): Reducer<any> & { readonly initial: unknown } {
	switch (name) {
		case 'crud':
			return { ...createCrudReducer(options, replaceOn()), initial: [] };
		case 'latest':
			return { ...createLatestReducer(options.max ?? 50, 'refreshed'), initial: [] };
		case 'set':
			return { ...createSetReducer(), initial: undefined };
		case 'presence':
			return { ...createPresenceReducer(), initial: [] };
		case 'cursor':
			return { ...createCursorReducer(), initial: [] };
		default:
			throw new TypeError(`merge: got ${JSON.stringify(name)}, expected 'crud', 'latest', 'set', 'presence' or 'cursor'.`);
	}
}
