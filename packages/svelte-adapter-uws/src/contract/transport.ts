import type { HttpHandler } from './http.ts';

/** One WebSocket message as it travels: text, or bytes. */
export type Frame = string | Uint8Array;

/** What became of a frame: written, accepted into the send buffer, or lost (buffer full, socket closed). */
export type SendStatus = 'sent' | 'queued' | 'dropped';

/** One live connection as a transport sees it. Every method is a no-op once the socket has closed. */
export interface Socket {
	/** The peer's address in its shortest textual form (IPv4 without the IPv6 mapping); stays readable after close. */
	readonly remoteAddress: string;
	/** Bytes accepted but not yet written; 0 once closed. */
	readonly bufferedAmount: number;
	/** Whether frames wait until the peer reads; a `drain` follows. False once closed. */
	readonly congested: boolean;
	send(frame: Frame): SendStatus;
	/** Joins a group of sockets that `Listener.publish` reaches. Any string is a valid name here. */
	subscribe(topic: string): void;
	unsubscribe(topic: string): void;
	/** Runs `write` so that everything it sends leaves in as few system calls as the transport can. */
	cork(write: () => void): void;
	/** Closes with a close frame. Without a code: 1005 is reported at the peer. */
	close(code?: number, reason?: string): void;
	/** Drops the connection without a close frame; the peer sees 1006. */
	terminate(): void;
}

/** What the server core wants to hear of one socket. Made by `SocketHandler.open`. */
export interface SocketEvents {
	/** `frame` stays valid after the call returns. Never called after `closed`. */
	message(frame: Frame): void;
	/** The send buffer has room again. */
	drain(): void;
	/** Called exactly once. The socket is already closed: its methods are no-ops. */
	closed(code: number, reason: string): void;
}

/** What the server core gives a transport. `Data` is whatever the upgrade decision carries to `open`. */
export interface SocketHandler<Data = unknown> {
	/** Decides on one handshake. A transport must survive a client that leaves before the decision is there. */
	upgrade(request: UpgradeRequest): UpgradeDecision<Data> | Promise<UpgradeDecision<Data>>;
	open(socket: Socket, data: Data): SocketEvents;
}

/** One WebSocket handshake. Reads are lazy, but stay valid for as long as somebody holds the object. */
export interface UpgradeRequest {
	/** Path and query as sent, for example `/ws?room=1`. */
	readonly url: string;
	/** The value of one header by lower-case name; `''` when absent. */
	header(name: string): string;
	/** All headers by lower-case name, on an object without a prototype; repeated ones joined by `, ` (cookies by `; `). */
	readonly headers: Readonly<Record<string, string>>;
	readonly remoteAddress: string;
	/** Aborts when the client leaves before the decision is carried out. */
	readonly signal: AbortSignal;
}

export type UpgradeDecision<Data = unknown> =
	| { readonly accept: true; readonly data: Data; readonly headers?: readonly (readonly [name: string, value: string])[] }
	| {
			readonly accept: false;
			readonly status: number;
			readonly body: string;
			readonly headers?: readonly (readonly [name: string, value: string])[];
	  };

/** Engine limits of one listener; the core validates them before any transport sees them. */
export interface SocketOptions {
	/** Path of the WebSocket endpoint, matched exactly, query aside. */
	readonly path: string;
	/** Largest inbound message in bytes; a larger one ends the connection. */
	readonly maxPayloadLength: number;
	/** Seconds of silence (no frame, no pong) after which a socket is closed; 0 = never. */
	readonly idleTimeout: number;
	/** Bytes of send buffer per socket; a frame that does not fit is dropped for that socket. */
	readonly maxBackpressure: number;
	readonly sendPingsAutomatically: boolean;
	/** permessage-deflate; a number is the engine's constant for how. */
	readonly compression: boolean | number;
}

export interface ListenOptions {
	readonly host: string;
	/** 0 = any free port. */
	readonly port: number;
	/** A Unix domain socket in place of host and port; a file that a dead server left there is replaced. */
	readonly socketPath?: string;
	/** The descriptor of a socket that listens already, in place of host and port. Only `node` can. */
	readonly fd?: number;
	/** Connections that somebody else accepts, in place of listening: net.Sockets, unread. Only `node` can. */
	readonly handed?: Handed;
	/** Milliseconds after which an HTTP connection without a request is closed; 0 = never. Only `node` can; the engine's is 10 s. */
	readonly keepAliveTimeoutMs?: number;
	/** Milliseconds that the head of a request may take; 0 = no limit. Only `node` can; the engine's is 10 s. */
	readonly headersTimeoutMs?: number;
	/** Absent: the listener serves no WebSockets and answers every upgrade through `http`. */
	readonly sockets?: { readonly handler: SocketHandler<any>; readonly options: SocketOptions };
	/** Absent: every HTTP request is answered with 426. */
	readonly http?: HttpHandler;
	/** PEM file paths; present = TLS on the same port. */
	readonly tls?: { readonly cert: string; readonly key: string };
	/** Lets several processes share the port where the system can. Default false: a second listener on the port fails. */
	readonly sharePort?: boolean;
}

/** Where connections come from that somebody else accepted. */
export interface Handed {
	/** The port that they came to. */
	readonly port: number;
	/** Calls `accept` with each connection until disposed. */
	take(accept: (connection: unknown) => void): Disposable;
}

/** A transport that is listening. Fan-out lives here so that uWS can do it in C++ and the others can build a frame once for all. */
export interface Listener extends AsyncDisposable {
	/** 0 on a Unix domain socket. */
	readonly port: number;
	/** Sends `frame` to every socket subscribed to `topic`, in the order of the calls of `publish` and `Socket.send`. */
	publish(topic: string, frame: Frame): void;
	/** Stops accepting; what is open stays open, idle HTTP connections too. Idempotent. */
	stopAccepting(): void;
	/**
	 * Reads the certificate and its key again, for connections from now on; what is open stays open. Present on TLS listeners. Rejects
	 * with a readable reason, and the old certificate stays in force.
	 */
	reloadCertificate?(): Promise<void>;
	/** `await using` or shutdown: stops accepting and drops what is still open. */
	[Symbol.asyncDispose](): Promise<void>;
}

export interface Transport {
	readonly name: string;
	/** Rejects with a readable reason when the port cannot be bound. */
	listen(options: ListenOptions): Promise<Listener>;
}
