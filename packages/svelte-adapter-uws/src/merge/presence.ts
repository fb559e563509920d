import { createListReducer } from './list.ts';
import type { Reducer } from './reducer.ts';

/** Who is here, as `{ key, data }` rows: `join` adds or replaces, `leave` removes, `set` and `refreshed` replace the list. */
export function createPresenceReducer(): Reducer<unknown> {
	const events = { join: 'put', leave: 'remove', set: 'replace', refreshed: 'refresh' } as const;
	return createListReducer({ key: 'key', prepend: false, max: 0, events });
}
