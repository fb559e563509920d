import { createListReducer, put, remove } from './list.ts';
import type { BatchReducer } from './reducer.ts';
import { replaceOn } from './replace.ts';

/** Last positions, as rows with a `key`: `update` adds or replaces, `remove` removes, `set` and `refreshed` replace the list. */
export function createCursorReducer(): BatchReducer<unknown> {
	return createListReducer({ key: 'key', prepend: false, max: 0, events: { update: put, remove }, replace: replaceOn('set') });
}
