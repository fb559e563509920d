import type { Connection, Platform, PublishMessage, PublishOptions } from 'svelte-adapter-uws/contract';

/** Augment it to type `ctx.user` everywhere: `declare module 'svelte-realtime/server' { interface Register { user: MyUser } }`. */
export interface Register {}

/** The type of `ctx.user`: the registered one, else `any`. */
export type RegisteredUser = Register extends { user: infer U } ? U : any;

/** Options of a publish. */
export interface LivePublishOptions extends PublishOptions {
	/** Without a position, as `seq: false`: an event that may be lost, and that nobody catches up on. Default false. */
	readonly volatile?: boolean;
}

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
	/** What the client sent for one more page of a stream; `null` for the first page and for calls. */
	readonly cursor: any;
	/** What the client sent with the call to make its repeats one call; `null` when it sent nothing. */
	readonly idempotencyKey: string | null;
	/**
	 * Sends an event to every subscriber of a topic, on every node. Throws `INVALID_TOPIC` for names starting with `__`, and a
	 * TypeError for data that JSON cannot carry.
	 */
	publish(topic: string, event: string, data?: unknown, options?: LivePublishOptions): boolean;
	/** `publish` for each message; one result each. */
	batch(messages: readonly PublishMessage[]): boolean[];
	/**
	 * Publishes at once, and then at most once in `ms` milliseconds, always the newest. Each topic, event and `data.key` counts for
	 * itself; over 5,000 of them that wait, new ones are not held back.
	 * @example ctx.publishThrottled('cursors', 'update', { key: ctx.user.id, x, y }, 50);
	 */
	publishThrottled(topic: string, event: string, data: unknown, ms: number): boolean;
	/** Publishes the newest once nothing has come for `ms` milliseconds; limits as in `publishThrottled`. */
	publishDebounced(topic: string, event: string, data: unknown, ms: number): boolean;
	/**
	 * True while `key` is cooling down: it came less than `ms` milliseconds ago, on this worker. At 5,000 keys the others are
	 * let pass. Throws `INVALID_ARG`.
	 * @example if (ctx.skip(`typing:${ctx.user.id}`, 500)) return;
	 */
	skip(key: string, ms: number): boolean;
	/**
	 * Sends an event to every page of a user, on every node: those that `onSignal` hears. Throws `INVALID_USER_ID`. Nobody is asked
	 * whether it may be sent: check an id that came from a client.
	 */
	sendSignal(userId: string, event: string, data?: unknown): boolean;
	/**
	 * Whether calls of a class that `live.admission` names are turned away now; `false` without `live.admission`. Throws for
	 * other names.
	 * @example if (ctx.shed('background')) throw new LiveError('OVERLOADED');
	 */
	shed(className: string): boolean;
}
