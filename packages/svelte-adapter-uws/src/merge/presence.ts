import { createListReducer, put, remove } from './list.ts';
import type { BatchReducer } from './reducer.ts';
import { replaceOn } from './replace.ts';

/** Who is here, as `{ key, data }` rows: `join` adds or replaces, `leave` removes, `set` and `refreshed` replace the list. */
export function createPresenceReducer(): BatchReducer<unknown> {
	return createListReducer({
		key: 'key',
		prepend: false,
		max: 0,
		events: { join: put, leave: remove },
		replace: replaceOn('set')
	});
}
