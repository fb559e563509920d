import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SlowPolicy } from 'svelte-adapter-uws/contract';
import type { MergeName } from 'svelte-adapter-uws/merge';
import type { Context } from './context.ts';
import type { SafeParse } from './schema.ts';

/** Gives an item of one version in the shape of another; one function for each version that it starts from. */
export type Versions = Readonly<Record<number, (item: any) => unknown>>;

/** How a client that comes back is told only what it missed. Each function also gets the context and the arguments. */
export interface Delta {
	/** The version of the value; any JSON. A client that has the same one keeps what it has. */
	version?(ctx: Context, ...args: any[]): unknown;
	/** The rows that changed since a version, `_deleted: true` on those that are gone; `null` = too old, load all. */
	diff?(
		since: any,
		ctx: Context,
		...args: any[]
	): readonly unknown[] | null | undefined | Promise<readonly unknown[] | null | undefined>;
	/** The events `{ event, data, seq }`, or changed rows, after a number that the client has seen; `null` = load all. */
	fromSeq?(
		seq: number,
		ctx: Context,
		...args: any[]
	): readonly unknown[] | null | undefined | Promise<readonly unknown[] | null | undefined>;
}

/** Options of `live.stream`. */
export interface StreamOptions<Args extends unknown[] = any[]> {
	/** How events change the value. Default `crud`. */
	readonly merge?: MergeName;
	/** Identity field of `crud`. Default `id`. */
	readonly key?: string;
	/** `crud`: new items go to the front. Default false. */
	readonly prepend?: boolean;
	/** Items kept. Default 50 for `latest`, unlimited (0) for `crud`. */
	readonly max?: number;
	/** Checks the whole list of arguments; its output takes their place when it is a list. May be async. */
	readonly args?: StandardSchemaV1 | SafeParse<unknown>;
	/** Asked before anybody may subscribe; anything but `true` denies. */
	readonly access?: (ctx: Context, ...args: Args) => boolean | Promise<boolean>;
	/** Another name for `access`, which wins where both are given. */
	readonly filter?: (ctx: Context, ...args: Args) => boolean | Promise<boolean>;
	/**
	 * Whether the topic function takes `ctx` first. Default: it does when it has several parameters, or one that is named `ctx`,
	 * `_ctx` or `context`; a single parameter of another name is the client's argument.
	 */
	readonly topicCtx?: boolean;
	/** What clients see of the data: each item of a list, or the whole value; for the first value and for every event. Sync. */
	readonly transform?: (data: any) => unknown;
	/** Of events of one key that wait for a client, only the newest is sent. Sees the data as published; nullish = one key for all. */
	readonly coalesceBy?: (data: any) => string | number | null | undefined;
	/** Events carry no position: what a client misses is gone. Default false. */
	readonly volatile?: boolean;
	/**
	 * The server's store keeps the newest events, and a client that comes back gets those it missed. `size`: more than that many are
	 * loaded afresh; default what the store keeps. Default false.
	 */
	readonly replay?: boolean | { readonly size?: number };
	readonly delta?: Delta;
	/**
	 * What becomes of the events for a client that does not read fast enough: `close` sends it away, to come back and be told what it
	 * missed; `coalesce` keeps the last one; `drop` loses them, and nobody knows. Default `close` with `replay` or `delta`, else `drop`.
	 */
	readonly whenSlow?: SlowPolicy;
	/** Class of `live.admission` whose subscribes are turned away with `OVERLOADED` while the server is under pressure. */
	readonly classOfService?: string;
	/** Loads again, and publishes `refreshed`, when nothing was published on the topic for so many milliseconds. */
	readonly staleAfterMs?: number;
	/** Loads again, and publishes `refreshed`, after anything is published on these topics; `*` = one or more characters. */
	readonly invalidateOn?: string | readonly string[];
	/** Who the value is loaded again as; becomes `ctx.user`. Default: the subscriber who has been there longest. */
	readonly refreshAs?: (ctx: Context) => unknown;
	/** Version of the shape of an item. A whole number from 1. */
	readonly version?: number;
	/** Brings an item from a version to the next, for the first value of clients that were built for an older one. */
	readonly migrate?: Versions;
	/** Gives an item in the shape of an older version, for everything that clients of that version get. Wins over `migrate`. */
	readonly downgrade?: Versions;
	/** Hears what the loader, `transform` or a reload throws. `ctx` is `null` for events. Without it the server's `onError` does. */
	readonly onError?: (error: unknown, ctx: Context | null, topic?: string) => unknown;
	/** Called when a client has joined the topic through this stream. Errors are reported, never thrown. */
	readonly onSubscribe?: (ctx: Context, topic: string) => unknown;
	/** Called once when that client leaves or disconnects. `remaining`: other clients of this worker that still hold the topic. */
	readonly onUnsubscribe?: (ctx: Context, topic: string, remaining: number) => unknown;
}
