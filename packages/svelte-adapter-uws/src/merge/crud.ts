import { createListReducer, patch, put, remove, type ListRules } from './list.ts';
import type { BatchReducer, MergeOptions } from './reducer.ts';

/**
 * A list of rows: `created` adds or replaces in place, `updated` replaces, `deleted` removes and keeps the order of the rest.
 * Events whose data lacks the key are ignored.
 */
export function createCrudReducer(
	{ key = 'id', prepend = false, max = 0 }: MergeOptions,
	replace?: ListRules['replace']
): BatchReducer<unknown> {
	return createListReducer({
		key,
		prepend,
		max,
		events: { created: put, updated: patch, deleted: remove },
		...(replace && { replace })
	});
}
