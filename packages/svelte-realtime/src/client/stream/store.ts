import type { Readable } from 'svelte-adapter-uws/contract';
import type { RpcError } from '../../shared/error.ts';
import type { Rune } from '../svelte.ts';
import type { Condition, MappedStore } from './derive.ts';
import type { HistoryOptions } from './history.ts';
import type { Change } from './optimistic.ts';

/**
 * `loading`: no answer yet. `connected`: the value is live. `reconnecting`: the value is kept while the connection or a new
 * load is awaited. `error`: the last load failed; see the store `error`.
 */
export type StreamStatus = 'loading' | 'connected' | 'reconnecting' | 'error';

/** A change that a call makes: an event of the stream, or a function over a shallow copy of the value, and the call's arguments. */
export type CallChange<T, Args> = { readonly event: string; readonly data: unknown } | ((current: T, args: Args) => T | void);

/** Where a value stands that was loaded elsewhere; what the server's answer said. */
export interface HydratedAt {
	readonly seq?: number;
	readonly ep?: string;
	readonly version?: unknown;
}

/** A page, as a loader gives it. */
export interface Page<T> {
	readonly data: T;
	readonly hasMore: boolean;
	readonly cursor?: unknown;
}

/** A value of the server with its live updates: a Svelte store that is `undefined` until the first data, and never an error. */
export interface StreamStore<T> extends Readable<T | undefined> {
	/** Why the last load failed; `null` once one has succeeded. */
	readonly error: Readable<RpcError | null>;
	readonly status: Readable<StreamStatus>;
	/** Whether there are further pages. */
	readonly hasMore: Readable<boolean>;
	/**
	 * Shows a value that was loaded elsewhere until the stream has its own; a stream that is connected keeps what it has. A page
	 * `{ data, hasMore, cursor }` counts as one. With `at` the first request asks only for what came after.
	 */
	hydrate(data: T | Page<T>, at?: HydratedAt): StreamStore<T>;
	/**
	 * Loads one more page, and gives whether there are further ones; false at once while one is loading, and when there is none.
	 * `extra` are further arguments of the loader. Rejects with what the load failed of.
	 */
	loadMore(...extra: unknown[]): Promise<boolean>;
	/** Shows an event before the server has published it. Gives the function that takes it back. */
	optimistic(event: string, data: unknown): () => void;
	/**
	 * Shows `change` while `operation` runs; when it fails the change is taken back and the error passed on. `change` is an event
	 * of the stream, or a function over a shallow copy of the value. At most 1,000 changes may be pending.
	 * @example await todos.mutate(() => rename(id, text), { event: 'updated', data: { id, text } });
	 */
	mutate<Out>(operation: () => Out | Promise<Out>, change: Change<T>): Promise<Out>;
	/** `mutate` for one call: `change` is an event, or a function over the value and the arguments of the call. */
	createOptimistic<Args extends readonly unknown[], Out>(
		call: (...args: Args) => Out | Promise<Out>,
		args: Args,
		change: CallChange<T, Args>
	): Promise<Out>;
	/** Loads again now. */
	retry(): void;
	/** Follows the stream only while the condition holds; shows `undefined` otherwise. */
	when(condition: Condition): Readable<T | undefined>;
	/** For Svelte 5: `{ current }`, followed in effects and templates. */
	rune(): Rune<T | undefined>;
	/** A store of the items, each mapped. */
	map<U>(change: (item: T extends readonly (infer Item)[] ? Item : never, index: number) => U): MappedStore<U>;
	/** Records each value from now on, for `undo` and `redo`. Default 50 values, of lists of at most 200 items. */
	enableHistory(max?: number | HistoryOptions): void;
	/** Shows the value before; the server hears nothing of it. False when there is none. Enables the history where it is not. */
	undo(): boolean;
	redo(): boolean;
	readonly canUndo: Readable<boolean>;
	readonly canRedo: Readable<boolean>;
	/** Records nothing until `resumeHistory`, which records one value for all that came in between. */
	pauseHistory(): void;
	resumeHistory(): void;
}
