import { createReducer, type MergeName, type MergeOptions, type Reducer } from 'svelte-adapter-uws/merge';

/** How the events of one stream change its value. What the server says in its reply wins. */
export interface StreamOptions extends MergeOptions {
	/** Default `crud`. */
	readonly merge?: MergeName | undefined;
}

/** One event, as it comes over the wire or out of an optimistic change. */
export interface StreamEvent {
	readonly event: string;
	readonly data: unknown;
}

/** The merge rules of one stream, ready to use. */
export interface Merge {
	readonly options: StreamOptions;
	readonly name: MergeName;
	readonly reducer: Reducer<unknown>;
	/** What events apply to before there is any data. */
	readonly initial: unknown;
	/** The identity of a row; `undefined` where it has none. */
	key(row: unknown): unknown;
	/** True when the event takes its row away. */
	removes(event: string): boolean;
}

const REMOVAL: Readonly<Partial<Record<MergeName, string>>> = { crud: 'deleted', presence: 'leave', cursor: 'remove' };

export function createMerge(options: StreamOptions): Merge {
	const name = options.merge ?? 'crud';
	const field = name === 'presence' || name === 'cursor' ? 'key' : (options.key ?? 'id');
	const reducer = createReducer(name, options);
	return {
		options,
		name,
		reducer,
		initial: reducer.initial,
		key: (row) =>
			typeof row === 'object' && row !== null && Object.hasOwn(row, field) ? (row as Record<string, unknown>)[field] : undefined,
		removes: (event) => event === REMOVAL[name]
	};
}
