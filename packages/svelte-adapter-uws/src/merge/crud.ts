import { createListReducer, type ListRule } from './list.ts';
import type { MergeOptions, Reducer } from './reducer.ts';

/** The events of rows that are made, changed and removed; shared by lists and keyed objects. */
export const CRUD_EVENTS: { readonly created: 'put'; readonly updated: 'patch'; readonly deleted: 'remove' } = {
	created: 'put',
	updated: 'patch',
	deleted: 'remove'
};

/**
 * A list of rows: `created` adds or replaces in place, `updated` replaces, `deleted` removes and keeps the order of the rest.
 * Events whose data lacks the key are ignored. `more` adds rules for other events.
 */
export function createCrudReducer({ key = 'id', prepend = false, max = 0 }: MergeOptions, more?: Readonly<Record<string, ListRule>>): Reducer<unknown> {
	return createListReducer({ key, prepend, max, events: { ...CRUD_EVENTS, ...more } });
}
