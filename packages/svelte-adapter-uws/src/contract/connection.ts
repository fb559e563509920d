import type { Frame } from './transport.ts';

/**
 * One client as hooks and features see it. The method names are those of a uWebSockets.js socket, so code
 * written for one runs on either transport; every method is a no-op (or gives an empty answer) after close.
 */
export interface Connection<UserData = any> {
	/** What the `upgrade` hook returned, plus `remoteAddress`. The same object for the life of the connection. */
	getUserData(): UserData;
	/** Joins `topic` without asking the `subscribe` hook. */
	subscribe(topic: string): boolean;
	unsubscribe(topic: string): boolean;
	isSubscribed(topic: string): boolean;
	getTopics(): string[];
	/** 1 = sent, 0 = buffered, 2 = dropped, as uWebSockets.js counts. */
	send(message: Frame | ArrayBuffer, isBinary?: boolean): 0 | 1 | 2;
	/**
	 * Sends what the client waits for, after everything that was published before. A connection that has no room for it, now or when the
	 * frames of this turn leave, is closed with 4429: a client that waited for ever would be worse off than one that comes back.
	 * @example ws.sendOrClose(JSON.stringify({ id, answer }));
	 */
	sendOrClose(message: Frame): void;
	cork(write: () => void): this;
	getBufferedAmount(): number;
	/** Closes with a close frame that carries the code; the default code is 1000. */
	close(code?: number, reason?: string): void;
	end(code?: number, reason?: string): void;
	getRemoteAddressAsText(): ArrayBuffer;
	/** Unique for the life of the server; the `sessionId` announced to the client. */
	readonly id: string;
	/** Aborts when the connection has closed. */
	readonly signal: AbortSignal;
	/**
	 * Calls `listener` once, when the connection has closed and before the `close` hook. False when that is over: then it is never
	 * called. For what concerns every connection, because a function that all of them share costs a few bytes each, a signal 500.
	 */
	onClose(listener: (ws: Connection<UserData>) => void): boolean;
}

/** On which terms a connection stays. */
export interface UpgradeTerms {
	/** What `platform.revoke({ session })` names; kept apart from the user data, which plugins may show to others. */
	readonly session?: string | number | undefined;
	/** A Date, or milliseconds since 1970; then the connection is closed with 4401. One that is over refuses with 401. */
	readonly expiresAt?: Date | number | undefined;
}
