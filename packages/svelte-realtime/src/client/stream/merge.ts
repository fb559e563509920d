import { sorted, type Sort } from '../../shared/order.ts';
import { createReducer, type MergeName, type MergeOptions, type Reducer } from 'svelte-adapter-uws/merge';

/** How the events of one stream change its value. What the server says in its reply wins. */
export interface StreamOptions extends MergeOptions {
	/** Default `crud`. */
	readonly merge?: MergeName | undefined;
	/** The order that the list is kept in. */
	readonly sort?: Sort | undefined;
	/** Items shown. */
	readonly limit?: number | undefined;
	/** Version of the shape that the page was built for. */
	readonly version?: number | undefined;
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
	/** The event that a changed row stands for. */
	change(row: unknown): StreamEvent;
	/** What is shown of a value. */
	arrange(value: unknown): unknown;
}

const REMOVAL: Readonly<Partial<Record<MergeName, string>>> = { crud: 'deleted', presence: 'leave', cursor: 'remove' };

const UPSERT: Readonly<Record<MergeName, string>> = {
	crud: 'created',
	latest: 'created',
	set: 'set',
	presence: 'join',
	cursor: 'update'
};

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
		removes: (event) => event === REMOVAL[name],
		change(row) {
			const { _deleted: gone, ...data } = (typeof row === 'object' && row !== null ? row : {}) as Record<string, unknown>;
			return gone === true ? { event: REMOVAL[name] ?? '', data } : { event: UPSERT[name], data: row };
		},
		arrange(value) {
			const { sort, limit } = options;
			if (!Array.isArray(value) || (!sort && limit === undefined)) return value;
			const list = sort ? sorted(value, sort) : value;
			return limit === undefined ? list : list.slice(0, limit);
		}
	};
}
