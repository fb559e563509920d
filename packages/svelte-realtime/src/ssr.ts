import type { Platform, Readable } from 'svelte-adapter-uws/contract';
import { runtimeOf } from './attach.ts';
import { LiveError } from './shared/error.ts';
import { readPage } from './shared/rpc-frame.ts';
import { roomParts } from './shared/room-path.ts';

export { empty } from './shared/empty.ts';

/** Options of `.load()`. */
export interface LoadOptions<Args extends unknown[] = any[]> {
	/** Becomes `ctx.user`. Has to be given, be it `null`, where the module has a guard. */
	readonly user?: unknown;
	/** The stream's arguments; default none. */
	readonly args?: Args;
	/** Given instead of an error; any value, `undefined` included, when the key is there. */
	readonly fallback?: unknown;
	/** Hears the error that `fallback` stands in for. */
	readonly onError?: (error: unknown) => void;
}

/** A stream while pages are rendered: it holds what it was hydrated with, and never changes. */
export interface SsrStream extends Readable<unknown> {
	readonly error: Readable<null>;
	readonly status: Readable<'loading'>;
	readonly hasMore: Readable<boolean>;
	readonly canUndo: Readable<false>;
	readonly canRedo: Readable<false>;
	hydrate(data: unknown): SsrStream;
	when(condition: unknown): Readable<unknown>;
	rune(): { readonly current: unknown };
	map(change: (item: any, index: number) => unknown): SsrList;
	loadMore(): Promise<boolean>;
	enableHistory(): void;
	undo(): boolean;
	redo(): boolean;
	pauseHistory(): void;
	resumeHistory(): void;
	createOptimistic(): Promise<never>;
	load(platform: Platform | undefined, options?: LoadOptions): Promise<unknown>;
	optimistic(): () => void;
	mutate(): Promise<never>;
	retry(): void;
}

/** The items of a list, mapped. */
export interface SsrList extends Readable<unknown[]> {
	rune(): { readonly current: unknown[] };
	map(change: (item: any, index: number) => unknown): SsrList;
}

const constant = <T>(value: T): Readable<T> => ({
	subscribe(run) {
		run(value);
		return () => {};
	}
});

/** The stub of a stream; what `$live/…` exports on the server. A dynamic one is a factory with `.load`. */
export function ssrStream(
	path: string,
	dynamic: boolean
): SsrStream | (((...args: unknown[]) => SsrStream) & Pick<SsrStream, 'load'>) {
	const load = createLoad(path);
	return dynamic
		? Object.assign((..._args: unknown[]) => createStream(path, load, undefined), { load })
		: createStream(path, load, undefined);
}

/** The stub of a procedure: calls are for browsers, and code of the server calls its own functions. */
export function ssrCall(path: string): (() => Promise<never>) & Record<'fresh' | 'fireAndForget' | 'with', () => unknown> {
	const refuse = (): Promise<never> => Promise.reject(notHere(path));
	return Object.assign(refuse, { fresh: refuse, fireAndForget: () => {}, with: () => refuse });
}

/** The stub of a room: its streams can be loaded, its procedures are for browsers. */
export function ssrRoom(
	path: string,
	{ presence, cursors, actions = [] }: { readonly presence?: true; readonly cursors?: true; readonly actions?: readonly string[] }
): Readonly<Record<string, unknown>> {
	const stream = (part: string): unknown => ssrStream(`${path}/${part}`, true);
	return {
		...Object.fromEntries(actions.map((name) => [name, ssrCall(`${path}.${name}`)])),
		data: stream(roomParts.data),
		...(presence ? { presence: stream(roomParts.presence) } : {}),
		...(cursors ? { cursors: stream(roomParts.cursors), moveCursor() {} } : {})
	};
}

function createList(items: unknown[]): SsrList {
	return { ...constant(items), rune: () => ({ current: items }), map: (change) => createList(items.map(change)) };
}

/** A condition that holds while pages are rendered. */
function holds(condition: unknown): boolean {
	if (typeof condition === 'function') return Boolean(condition());
	if (typeof condition !== 'object' || condition === null || !('subscribe' in condition)) return Boolean(condition);
	let current: unknown;
	(condition as Readable<unknown>).subscribe((value) => void (current = value))();
	return Boolean(current);
}

function createStream(path: string, load: SsrStream['load'], given: unknown): SsrStream {
	const page = readPage(given);
	const value = page ? page.data : given;
	return {
		...constant(value),
		hasMore: constant(page?.hasMore ?? false),
		canUndo: constant(false as const),
		canRedo: constant(false as const),
		when: (condition) => constant(holds(condition) ? value : undefined),
		rune: () => ({ current: value }),
		map: (change) => createList(Array.isArray(value) ? value.map((item, index) => change(item, index)) : []),
		loadMore: () => Promise.resolve(false),
		enableHistory() {},
		undo: () => false,
		redo: () => false,
		pauseHistory() {},
		resumeHistory() {},
		createOptimistic: () => Promise.reject(notHere(path)),
		error: constant(null),
		status: constant('loading' as const),
		hydrate: (data) => createStream(path, load, data),
		load,
		optimistic: () => () => {},
		mutate: () => Promise.reject(notHere(path)),
		retry() {}
	};
}

function createLoad(path: string): SsrStream['load'] {
	return async (platform, options = {}) => {
		try {
			if (!platform)
				throw new Error(
					`${path}.load() needs event.platform, which is there when svelte-adapter-uws serves the page, but not while pages are prerendered.`
				);
			const { user, args = [] } = options;
			return await runtimeOf(platform).load(path, platform, 'user' in options ? { user, args } : { args });
		} catch (error) {
			if (!('fallback' in options)) throw error;
			try {
				options.onError?.(error);
			} catch {
				// The page is rendered with the fallback whatever its observer does.
			}
			return options.fallback;
		}
	};
}

function notHere(path: string): LiveError {
	return new LiveError(
		'INVALID_REQUEST',
		`${path} was called while the page is rendered on the server. Call it in the browser, for example in an event handler or onMount.`
	);
}
