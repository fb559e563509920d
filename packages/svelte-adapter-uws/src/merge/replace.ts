import type { ListRules } from './list.ts';
import { cleanRow } from './row.ts';

/** `refreshed` replaces the whole value, the event `list` the list: what is none counts as empty then. */
export function replaceOn(list?: string): NonNullable<ListRules['replace']> {
	return (event, data) => {
		if (event !== 'refreshed' && event !== list) return undefined;
		return { value: Array.isArray(data) ? data.map(cleanRow) : event === list ? [] : data };
	};
}
