import type { MergeName } from 'svelte-adapter-uws/merge';
import type { Context, LivePublishOptions } from './context.ts';

/** What an action of a room sees: a publish of it goes to the room. */
export interface RoomContext extends Omit<Context, 'publish'> {
	/** Sends an event to everybody in the room. */
	publish(event: string, data?: unknown, options?: LivePublishOptions): boolean;
}

/** Options of `live.room`. */
export interface RoomConfig {
	/** The name of the room for these arguments. */
	readonly topic: (ctx: Context, ...args: any[]) => string;
	/** What somebody who comes in finds there. */
	readonly init: (ctx: Context, ...args: any[]) => unknown;
	/** What others see of somebody who is there. Without it nobody sees who is. */
	readonly presence?: (ctx: Context) => unknown;
	/** Where everybody's cursor is, sent at most once in `throttle` milliseconds, 50 by default. */
	readonly cursors?: boolean | { readonly throttle?: number };
	/** Procedures of the room; they take its arguments first. Need `topicArgs`. */
	readonly actions?: Readonly<Record<string, (ctx: RoomContext, ...args: any[]) => unknown>>;
	/** How many arguments name the room. Default: the parameters of `topic` after `ctx`, unless there are actions. */
	readonly topicArgs?: number;
	/** Asked before anything else of the room; one that throws, or gives exactly `false`, denies. */
	readonly guard?: (ctx: Context, ...args: any[]) => unknown;
	/** Called when a connection has come in. Errors are reported, never thrown. */
	readonly onJoin?: (ctx: Context, ...args: any[]) => unknown;
	/** Called once when that connection leaves or disconnects. Errors are reported, never thrown. */
	readonly onLeave?: (ctx: Context, topic: string) => unknown;
	/** How events of the room change what `init` gave. Default `crud`. */
	readonly merge?: MergeName;
	/** Identity field of `crud`. Default `id`. */
	readonly key?: string;
}

/** A place where people meet: `live.room(config)`. */
export interface Room<Config extends RoomConfig = RoomConfig> {
	readonly kind: 'room';
	readonly config: Config;
	readonly topicArgs: number;
	/** Milliseconds between two positions of one cursor; `undefined` without cursors. */
	readonly throttle: number | undefined;
}
