import { live } from './client/page.ts';
import { createRoom, type RoomClient, type RoomShape } from './client/room.ts';
import { createBinaryCall, type BinaryCall } from './client/rpc/binary.ts';
import { createRpcCall, type RpcCall } from './client/rpc/call.ts';
import { createUploadCall } from './client/upload/call.ts';
import type { UploadCall } from './client/upload/handle.ts';
import { createStreamFactory, type StreamFactory } from './client/stream/cache.ts';
import type { StreamOptions } from './client/stream/merge.ts';
import { Stream } from './client/stream/stream.ts';
import type { StreamStore } from './client/stream/store.ts';

export { failure, status } from 'svelte-adapter-uws/client';
export type { Failure, Readable, Status } from 'svelte-adapter-uws/contract';
export { configure, quiescent, type Configuration, type Health } from './client/page.ts';
export { health } from './client/health.ts';
export { onPush, onSignal, type SignalListener } from './client/push.ts';
export type { RoomClient, RoomShape } from './client/room.ts';
export type { BinaryCall } from './client/rpc/binary.ts';
export type { CallOptions, RpcCall } from './client/rpc/call.ts';
export type { OfflineEntry, OfflineOptions } from './client/rpc/offline.ts';
export type { StreamFactory } from './client/stream/cache.ts';
export type { StreamOptions } from './client/stream/merge.ts';
export { MAX_OPTIMISTIC_QUEUE_DEPTH, type Change } from './client/stream/optimistic.ts';
export { combine, type Condition, type MappedStore } from './client/stream/derive.ts';
export type { Rune } from './client/svelte.ts';
export type { HistoryOptions } from './client/stream/history.ts';
export type { HydratedAt, Page, StreamStatus, StreamStore } from './client/stream/store.ts';
export type { UploadCall, UploadEvents, UploadHandle, UploadProgress } from './client/upload/handle.ts';
export type { UploadSource } from './client/upload/source.ts';
export { empty } from './shared/empty.ts';
export { RpcError } from './shared/error.ts';

/**
 * Sends all calls made in `collect` as one frame, at most 50; resolves when all have succeeded, and rejects with the first
 * error. Each call's own promise settles for itself. `sequential` runs them one after the other; by default they run together.
 * @example const [user, todos] = await batch(() => [getUser(id), getTodos(id)]);
 */
export function batch<const T extends readonly unknown[]>(
	collect: () => T,
	options: { readonly sequential?: boolean } = {}
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
	return live().calls.batch(collect, options.sequential ?? false);
}

/** The stub of a procedure; what `$live/…` exports in the browser, and what a client outside SvelteKit uses by hand. */
export function __rpc(path: string): RpcCall {
	return createRpcCall(() => live().calls, path);
}

/** The stub of a procedure that takes bytes. */
export function __binaryRpc(path: string): BinaryCall {
	return createBinaryCall(live, path);
}

/** The stub of a procedure that takes uploads. */
export function __upload(path: string): UploadCall {
	return createUploadCall(live, path);
}

/** The stub of a room. */
export function __room(path: string, shape: RoomShape): RoomClient {
	return createRoom(live, path, shape);
}

/** The stub of a stream, or, when `isDynamic`, of the factory that takes the stream's arguments. */
export function __stream(path: string, options?: StreamOptions, isDynamic?: false): StreamStore<any>;
export function __stream(path: string, options: StreamOptions | undefined, isDynamic: true): StreamFactory;
export function __stream(path: string, options: StreamOptions = {}, isDynamic = false): StreamStore<any> | StreamFactory {
	return isDynamic ? createStreamFactory(live, path, options) : new Stream(live, path, [], options);
}
