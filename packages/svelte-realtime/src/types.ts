import type { Platform } from 'svelte-adapter-uws/contract';
import type { RpcCall } from './client/rpc/call.ts';
import type { StreamStore } from './client/stream/stream.ts';
import type { RegisteredUser } from './define/context.ts';
import type { Call, Stream } from './define/definition.ts';

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

/** A stream of the whole app. */
export interface LiveStream<Value> extends StreamStore<Value> {
	readonly load: Load<[], Value>;
}

/** A stream per arguments. */
export interface LiveStreamFactory<Args extends unknown[], Value> {
	(...args: Args): StreamStore<Value>;
	readonly load: Load<Args, Value>;
}

/** What `$live/…` gives for a definition: arguments without `ctx`, results awaited. Types come from the live module itself. */
export type Client<Definition> =
	Definition extends Call<infer Args, infer Out>
		? RpcCall<Args, Awaited<Out>>
		: Definition extends Stream<infer Args, infer Value>
			? [] extends Args
				? Args extends []
					? LiveStream<Awaited<Value>>
					: LiveStreamFactory<Args, Awaited<Value>>
				: LiveStreamFactory<Args, Awaited<Value>>
			: never;
