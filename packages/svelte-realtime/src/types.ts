import type { Platform } from 'svelte-adapter-uws/contract';
import type { BinaryCall } from './client/rpc/binary.ts';
import type { RpcCall } from './client/rpc/call.ts';
import type { StreamStore } from './client/stream/store.ts';
import type { UploadCall } from './client/upload/handle.ts';
import type { RegisteredUser } from './define/context.ts';
import type { Binary, Call, Stream, Upload } from './define/definition.ts';
import type { Room, RoomConfig } from './define/room-config.ts';
import type { Aggregate, Derived } from './define/reactive.ts';

/** How a page's load function asks for the value of a stream. */
export interface LoadOptions<Args extends unknown[]> {
	/** Becomes `ctx.user`. Has to be given, be it `null`, where the module has a guard. */
	readonly user?: Partial<RegisteredUser> | null;
	readonly args?: Args;
}

/** `.load(platform, options)`: guard, access and loader, in process. `fallback` stands in for an error. */
export interface Load<Args extends unknown[], Value> {
	(platform: Platform | undefined, options?: LoadOptions<Args>): Promise<Value>;
	<Fallback>(
		platform: Platform | undefined,
		options: LoadOptions<Args> & { readonly fallback: Fallback; readonly onError?: (error: unknown) => void }
	): Promise<Value | Fallback>;
}

/** What a store shows of what a loader gives: of a page, its rows. */
export type Shown<Value> = Value extends { readonly data: infer Rows; readonly hasMore: unknown } ? Rows : Value;

/** A stream of the whole app. */
export interface LiveStream<Value> extends StreamStore<Shown<Value>> {
	readonly load: Load<[], Value>;
}

/** A stream per arguments. */
export interface LiveStreamFactory<Args extends unknown[], Value> {
	(...args: Args): StreamStore<Shown<Value>>;
	readonly load: Load<Args, Value>;
}

type After<Run> = Run extends (ctx: any, ...args: infer Args) => unknown ? Args : never;
type Result<Run> = Run extends (...args: any[]) => infer Out ? Awaited<Out> : never;
/** One of those who are in a room, or one of their cursors. */
export interface Present<Data> {
	readonly key: string;
	readonly data: Data;
}

/** A room: what is in it, who is in it, and what can be done there. */
export type LiveRoom<Config extends RoomConfig> = {
	readonly data: LiveStreamFactory<After<Config['topic']>, Result<Config['init']>>;
} & (Config extends { readonly presence: infer Presence }
	? { readonly presence: LiveStreamFactory<After<Config['topic']>, Present<Result<Presence>>[]> }
	: unknown) &
	(Config extends { readonly cursors: true | object }
		? {
				readonly cursors: LiveStreamFactory<After<Config['topic']>, Present<any>[]>;
				/** Moves the own cursor: sent without waiting, and dropped while offline. */
				readonly moveCursor: (...args: [...room: After<Config['topic']>, position: any]) => void;
			}
		: unknown) &
	(Config extends { readonly actions: infer Actions }
		? { readonly [Name in keyof Actions]: RpcCall<After<Actions[Name]>, Result<Actions[Name]>> }
		: unknown);

/** What `$live/…` gives for a definition: arguments without `ctx`, results awaited. Types come from the live module itself. */
export type Client<Definition> =
	Definition extends Call<infer Args, infer Out>
		? RpcCall<Args, Awaited<Out>>
		: Definition extends Stream<infer Args, infer Value>
			? StreamOf<Args, Awaited<Value>>
			: Definition extends Derived<infer Args, infer Value>
				? StreamOf<Args, Awaited<Value>>
				: Definition extends Aggregate<infer Value, infer Windows>
					? [Windows] extends [never]
						? LiveStream<Value>
						: { readonly [Window in Windows]: LiveStream<Value> }
					: Definition extends Room<infer Config>
						? LiveRoom<Config>
						: Definition extends Binary<infer Args, infer Out>
							? BinaryCall<Args, Awaited<Out>>
							: Definition extends Upload<infer Args, infer Out>
								? UploadCall<Args, Awaited<Out>>
								: never;

type StreamOf<Args extends unknown[], Value> = Args extends [] ? LiveStream<Value> : LiveStreamFactory<Args, Value>;
