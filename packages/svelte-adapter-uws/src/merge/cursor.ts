import { createListReducer } from './list.ts';
import type { Reducer } from './reducer.ts';

/** Last positions, as rows with a `key`: `update` adds or replaces, `remove` removes, `set` and `refreshed` replace the list. */
export function createCursorReducer(): Reducer<unknown> {
	const events = { update: 'put', remove: 'remove', set: 'replace', refreshed: 'refresh' } as const;
	return createListReducer({ key: 'key', prepend: false, max: 0, events });
}
