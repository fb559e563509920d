import { atOnce } from '../../shared/thenable.ts';

/** What a loader gives that has more than it gives at once. */
export interface Page {
	readonly data: unknown;
	readonly hasMore: boolean;
	/** Where the next page begins; any JSON. */
	readonly cursor?: unknown;
}

/** Whether a loader gave one page of more. */
export function isPage(value: unknown): value is Page {
	return typeof value === 'object' && value !== null && !Array.isArray(value) && 'data' in value && 'hasMore' in value;
}

/** The data of a value, which may be a page. */
export function dataOf(value: unknown): unknown {
	return isPage(value) ? value.data : value;
}

/** The same value or page with other data. */
export function withData(value: unknown, data: unknown): unknown {
	return isPage(value) ? { ...value, data } : data;
}

/** Each item of a list, or the whole of what is none. Throws where `change` gives a promise. */
export function each(data: unknown, change: (item: unknown) => unknown): unknown {
	if (data === undefined || data === null) return data;
	const changed = (item: unknown): unknown => atOnce('A transform, or a step between versions,', change(item));
	return Array.isArray(data) ? data.map(changed) : changed(data);
}
