import type { Connection, Platform, PublishOptions } from 'svelte-adapter-uws/contract';

/** Augment it to type `ctx.user` everywhere: `declare module 'svelte-realtime/server' { interface Register { user: MyUser } }`. */
export interface Register {}

/** The type of `ctx.user`: the registered one, else `any`. */
export type RegisteredUser = Register extends { user: infer U } ? U : any;

/** What a live handler sees of one call. */
export interface Context<User = RegisteredUser> {
	/** What the `upgrade` hook returned; what `.load()` was given on the server. */
	readonly user: User;
	/** `null` outside a connection, for example in `.load()`. */
	readonly ws: Connection | null;
	readonly platform: Platform;
	readonly requestId: string;
	/** Aborts when the caller disconnects or cancels. */
	readonly signal: AbortSignal;
	/** Sends an event to every subscriber of a topic, on every node. Throws `INVALID_TOPIC` for names starting with `__`. */
	publish(topic: string, event: string, data?: unknown, options?: PublishOptions): boolean;
}
