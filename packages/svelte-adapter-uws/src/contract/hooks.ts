import type { Connection, UpgradeTerms } from './connection.ts';
import type { Platform } from './platform.ts';
import type { Position } from './envelope.ts';

type Awaitable<T> = T | Promise<T>;

/** Handed to the `upgrade` hook. Headers and cookies are parsed when they are first read. */
export interface UpgradeContext {
	/** Lower-case names. */
	readonly headers: Readonly<Record<string, string>>;
	/** No prototype; the last duplicate wins; values percent-decoded where valid. */
	readonly cookies: Readonly<Record<string, string>>;
	/** Path and query. */
	readonly url: string;
	/** By the proxy rules of the server's configuration. */
	readonly remoteAddress: string;
	readonly requestId: string;
}

/** Attributes of a cookie that `authenticate` sets. */
export interface CookieSerializeOptions {
	/** Default `/`: without one, browsers would send the cookie to nothing but the path of `authenticate`. */
	readonly path?: string;
	/** Default: the host alone, without those below it. */
	readonly domain?: string;
	/** Seconds; a fraction is cut off. Default, with `expires` absent too: until the browser ends. */
	readonly maxAge?: number;
	readonly expires?: Date;
	readonly httpOnly?: boolean;
	readonly secure?: boolean;
	readonly partitioned?: boolean;
	/** `true` means `strict`, `false` means `lax`. */
	readonly sameSite?: boolean | 'strict' | 'lax' | 'none' | 'Strict' | 'Lax' | 'None';
	/** `false` writes the value as it is; it must be made of characters that a cookie may hold. Default: percent-encoded. */
	readonly encode?: boolean;
}

/** The cookies of a request to `authenticate`, and those of its response. Methods throw a TypeError for what no cookie can be. */
export interface AuthenticateCookies {
	/** The value that the client sent, or that was set since. */
	get(name: string): string | undefined;
	getAll(): { name: string; value: string }[];
	/** Sets a cookie; one with the same name, path and domain that was set before is replaced. */
	set(name: string, value: string, options?: CookieSerializeOptions): void;
	/** Makes the browser forget a cookie. Path and domain must be those that it was set with. */
	delete(name: string, options?: Pick<CookieSerializeOptions, 'path' | 'domain' | 'secure' | 'partitioned'>): void;
}

/** Handed to the `authenticate` hook. */
export interface AuthenticateContext extends HookContext {
	/** With its body, 64 KB at most. */
	readonly request: Request;
	/** Lower-case names. */
	readonly headers: Readonly<Record<string, string>>;
	readonly cookies: AuthenticateCookies;
	/** Path and query. */
	readonly url: string;
	/** By the proxy rules of the server's configuration. */
	readonly remoteAddress: string;
	/** The same, as in SvelteKit. */
	readonly getClientAddress: () => string;
}

/** One application frame. `data` is made on first read; it stays valid. */
export interface MessageContext {
	readonly data: ArrayBuffer;
	/** The same frame as text; `''` for a binary frame. */
	readonly text: string;
	readonly isBinary: boolean;
	readonly platform: Platform;
}

export interface HookContext {
	readonly platform: Platform;
}

export interface SubscribeContext extends HookContext {
	/** Only the answer is wanted (`platform.checkSubscribe`): whatever it is, the connection does not join now. */
	readonly checking?: boolean;
}

export interface ResumeContext extends HookContext {
	/** The id that the client held before; unknown ids are common and not an error. */
	readonly sessionId: string;
	/** Highest position the client saw, by topic. `epoch` is `''` when the client does not speak epochs. */
	readonly lastSeen: ReadonlyMap<string, Position>;
	/** The same without epochs, as published clients send it. */
	readonly lastSeenSeqs: Readonly<Record<string, number>>;
}

export interface CloseContext extends HookContext {
	readonly code: number;
	readonly message: ArrayBuffer;
	/** Topics the connection held when it closed. */
	readonly subscriptions: ReadonlySet<string>;
	readonly id: string;
	/** Milliseconds since open. */
	readonly duration: number;
	readonly messagesIn: number;
	readonly bytesIn: number;
	readonly messagesOut: number;
	readonly bytesOut: number;
}

/** Reasons that the server itself denies with; a hook may give any other text. */
export type SubscribeDenialReason = 'UNAUTHENTICATED' | 'FORBIDDEN' | 'INVALID_TOPIC' | 'RATE_LIMITED' | 'INTERNAL_ERROR';

/** `false` denies with `FORBIDDEN`, a string denies with that reason, anything else allows. */
export type SubscribeVerdict = boolean | string | void | null | undefined;

/** What `src/hooks.ws` may export. All optional; a hook that throws hurts only its own connection. */
export interface WebSocketHooks<UserData = any> {
	/** Once per worker, after the port is bound; the server is ready when it has settled. */
	init?(context: HookContext): Awaitable<unknown>;
	shutdown?(context: HookContext): Awaitable<unknown>;
	/**
	 * A plain POST before the handshake, where cookies can be refreshed: nothing answers 204, `false` 401, and a Response is sent as it is
	 * with the cookies behind its own. Exporting it opens `authPath`.
	 */
	authenticate?(context: AuthenticateContext): Awaitable<Response | false | void>;
	/** An object becomes the user data; `false` refuses with 401; nothing accepts with `{}`. */
	upgrade?(context: UpgradeContext): Awaitable<UserData | UpgradeResponse<UserData> | false | null | undefined | void>;
	open?(ws: Connection<UserData>, context: HookContext): Awaitable<unknown>;
	message?(ws: Connection<UserData>, context: MessageContext): Awaitable<unknown>;
	/** Asked before a client may join a topic; awaited. */
	subscribe?(ws: Connection<UserData>, topic: string, context: SubscribeContext): Awaitable<SubscribeVerdict>;
	/**
	 * Takes precedence over `subscribe`: one call for all topics of a frame. Absent topics are allowed. The hook may be async, its verdicts
	 * may not: a topic with a promise is denied with `INTERNAL_ERROR`.
	 */
	subscribeBatch?(
		ws: Connection<UserData>,
		topics: readonly string[],
		context: SubscribeContext
	): Awaitable<Readonly<Record<string, SubscribeVerdict>> | void>;
	unsubscribe?(ws: Connection<UserData>, topic: string, context: HookContext): Awaitable<unknown>;
	/** A returning client; awaited before the `resumed` ack. It may send what was missed. */
	resume?(ws: Connection<UserData>, context: ResumeContext): Awaitable<unknown>;
	drain?(ws: Connection<UserData>, context: HookContext): Awaitable<unknown>;
	close?(ws: Connection<UserData>, context: CloseContext): Awaitable<unknown>;
}

/** What `upgradeResponse(userData, headers)` gives: accept, and add headers to the 101. */
export interface UpgradeResponse<UserData = any> {
	readonly __upgradeResponse: true;
	readonly userData: UserData;
	readonly headers: Readonly<Record<string, string | readonly string[]>>;
	readonly terms?: UpgradeTerms;
}
