import type { Frame, Listener, Socket, SocketOptions, UpgradeDecision, UpgradeRequest } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { LIMITS, type Peer, type TransportFixture } from './fixture.ts';

/** How a connection ended, as one of its ends saw it. */
export type End = readonly [code: number, reason: string];

/** The server's end of one connection, and all that was heard of it. */
export interface Side {
	readonly socket: Socket;
	readonly data: unknown;
	readonly messages: Frame[];
	drains: number;
	/** Every call of `closed`. */
	readonly ends: End[];
}

/** The client's end of one connection, and all that came. */
export interface Client<P extends Peer = Peer> {
	readonly peer: P;
	readonly frames: Frame[];
	readonly ends: End[];
}

/** What a test's server does. Every connection is accepted, and nothing is answered, unless it says otherwise. */
export interface Script {
	readonly options?: Partial<SocketOptions>;
	upgrade?(request: UpgradeRequest): UpgradeDecision | Promise<UpgradeDecision>;
	open?(side: Side): void;
	message?(side: Side, frame: Frame): void;
	drain?(side: Side): void;
	closed?(side: Side): void;
}

/** A running server that writes down what it hears. */
export interface Server<P extends Peer = Peer> {
	readonly listener: Listener;
	/** Every handshake that was to be decided on. */
	readonly requests: UpgradeRequest[];
	readonly sides: Side[];
	connect(url?: string, headers?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Client<P>>;
	/** Both ends of a new connection. */
	join(): Promise<{ readonly client: Client<P>; readonly side: Side }>;
	/** What came before this call has been handled once it resolves: a connection came, said something, was answered and left. */
	beat(): Promise<void>;
}

/** Waits until `read` gives what is expected. */
export const soon = <T>(read: () => T): ReturnType<typeof expect.poll<T>> => expect.poll(read, { interval: 1, timeout: 5_000 });

export const ACCEPT: UpgradeDecision = { accept: true, data: undefined };
const BEAT = '\0beat';
const BEAT_QUERY = '?beat';

export async function start<P extends Peer>(fixture: TransportFixture<P>, script: Script = {}): Promise<Server<P>> {
	const requests: UpgradeRequest[] = [];
	const sides: Side[] = [];
	const { listener, connect: dial } = await fixture.serve(
		{
			upgrade(request) {
				if (request.url.endsWith(BEAT_QUERY)) return { accept: true, data: BEAT };
				requests.push(request);
				return script.upgrade?.(request) ?? ACCEPT;
			},
			open(socket, data) {
				if (data === BEAT) return { message: (frame) => void socket.send(frame), drain() {}, closed() {} };
				const side: Side = { socket, data, messages: [], drains: 0, ends: [] };
				sides.push(side);
				script.open?.(side);
				return {
					message(frame) {
						side.messages.push(frame);
						script.message?.(side, frame);
					},
					drain() {
						side.drains++;
						script.drain?.(side);
					},
					closed(code, reason) {
						side.ends.push([code, reason]);
						script.closed?.(side);
					}
				};
			}
		},
		{ ...LIMITS, ...script.options }
	);
	const path = script.options?.path ?? LIMITS.path;
	const connect: Server<P>['connect'] = async (url = path, headers = {}, signal) => {
		const peer = await dial(url, headers, signal);
		const client: Client<P> = { peer, frames: [], ends: [] };
		peer.onmessage = (frame) => void client.frames.push(frame);
		peer.onclose = (code, reason) => void client.ends.push([code, reason]);
		return client;
	};
	return {
		listener,
		requests,
		sides,
		connect,
		async join() {
			const before = sides.length;
			const client = await connect();
			await soon(() => sides.length).toBe(before + 1);
			return { client, side: sides[before]! };
		},
		async beat() {
			const client = await connect(path + BEAT_QUERY);
			client.peer.send(BEAT);
			await soon(() => client.frames).toEqual([BEAT]);
			client.peer.drop();
		}
	};
}

/** A promise that somebody else settles. */
export interface Deferred<T> {
	readonly promise: Promise<T>;
	resolve(value: T): void;
	reject(error: unknown): void;
}

export const defer = <T>(): Deferred<T> => Promise.withResolvers<T>();
