import type { Frame, ListenOptions, Listener, SocketHandler, SocketOptions } from 'svelte-adapter-uws/contract';
import type { Law } from '../suite.ts';

/** Limits of the listeners of the suite where a law asks for no others. */
export const LIMITS: SocketOptions = {
	path: '/ws',
	maxPayloadLength: 1_048_576,
	idleTimeout: 0,
	maxBackpressure: 16_777_216,
	sendPingsAutomatically: false,
	compression: false
};

/** A handshake that was answered with an ordinary response. */
export class RefusedUpgrade extends Error {
	readonly status: number;
	readonly body: string;
	/** By lower-case name, repeated ones joined by `, `. */
	readonly headers: Readonly<Record<string, string>>;

	constructor(status: number, body: string, headers: Readonly<Record<string, string>>) {
		super(`${status} ${body}`);
		this.name = 'RefusedUpgrade';
		this.status = status;
		this.body = body;
		this.headers = headers;
	}
}

/** The browser's end of one connection. What comes before its listener is set waits for it. */
export interface Peer {
	/** Headers of the answer to the handshake, by lower-case name, repeated ones joined by `, `. */
	readonly headers: Readonly<Record<string, string>>;
	send(frame: Frame): void;
	close(code?: number, reason?: string): void;
	/** Leaves without a close frame. */
	drop(): void;
	onmessage: (frame: Frame) => void;
	onclose: (code: number, reason: string) => void;
}

/** Opens a connection. Rejects with a `RefusedUpgrade`, and when `signal` aborts, which makes the client leave, before the answer. */
export type Connect<P extends Peer = Peer> = (
	url: string,
	headers: Readonly<Record<string, string>>,
	signal?: AbortSignal
) => Promise<P>;

/** A running listener with the way in that belongs to it. */
export interface Endpoint<P extends Peer = Peer> {
	readonly listener: Listener;
	readonly connect: Connect<P>;
}

/** A transport of any kind, reached at 127.0.0.1. What it serves is dropped with the fixture. */
export interface TransportFixture<P extends Peer = Peer> {
	/** Rejects with a RangeError for limits out of range. */
	serve(handler: SocketHandler<any>, options: SocketOptions): Promise<Endpoint<P>>;
}

/** The end of a connection that is made of bytes: it can stop reading, so that the server's buffer fills up. */
export interface TcpPeer extends Peer {
	/** Extensions that were agreed on; `''` = none. */
	readonly extensions: string;
	pause(): void;
	resume(): void;
}

/** A transport that speaks over TCP; `Listener.port` is where. */
export type TcpFixture = TransportFixture<TcpPeer>;

/** A transport that binds its port itself. */
export interface PortFixture {
	listen(options: ListenOptions): Promise<Listener>;
	/** A certificate of `localhost` and its key. */
	readonly tls: NonNullable<ListenOptions['tls']>;
}

export type TransportLaw = Law<TransportFixture>;
export type TcpLaw = Law<TcpFixture>;
export type PortLaw = Law<PortFixture>;
