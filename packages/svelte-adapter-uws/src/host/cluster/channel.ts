import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Encoded } from '../../contract/envelope.ts';
import type { News, Question } from '../../contract/peers.ts';
import type { StoreCall, StoreResult } from './store-calls.ts';

/** One relayed envelope, and its tag where relays are signed. */
export interface RelayItem extends Encoded {
	/** The next one was published together with it. */
	readonly more?: true;
	readonly tag?: string;
}

/** Everything that travels between the primary and its workers. */
export type Message =
	| { readonly type: 'ready'; readonly port: number }
	| { readonly type: 'refused'; readonly reason: string }
	| { readonly type: 'ping' | 'pong' | 'announce' | 'shutdown' | 'reload' }
	/** Another worker has ended, perhaps before it had relayed all that it published. */
	| { readonly type: 'gone' }
	| { readonly type: 'relay'; readonly items: readonly RelayItem[] }
	| { readonly type: 'news'; readonly news: News }
	/** A connection comes with it. */
	| { readonly type: 'connection'; readonly id: number }
	| { readonly type: 'accepted'; readonly id: number }
	| { readonly type: 'ask'; readonly id: number; readonly question: Question }
	| { readonly type: 'answer'; readonly id: number; readonly value: number }
	| { readonly type: 'answers'; readonly id: number; readonly values: readonly number[] }
	| StoreCall
	| StoreResult;

/** One end of a line between the primary and one worker: messages arrive once, in order, as structured clones. */
export interface Channel {
	/** Sends; does nothing once the other end is gone. `size` is about how many bytes the message takes, if it can be many. */
	send(message: Message, size?: number): void;
	/** Calls `receive` with every message from now on, and the connection that came with it. */
	listen(receive: (message: Message, connection?: unknown) => void): Disposable;
}

/** What a process can do with the one that it started, or that started it. */
interface Peer {
	readonly connected: boolean;
	send?(message: unknown, callback?: (error: Error | null) => void): boolean;
	on(event: 'message', listener: (message: unknown, handle?: unknown) => void): unknown;
	off(event: 'message', listener: (message: unknown, handle?: unknown) => void): unknown;
}

/** Apps use the line between processes as well, so ours are wrapped. */
interface Wrapped {
	readonly svelteAdapterUws: Message;
}

/** Bytes that may wait for the other end. A process that lets more pile up takes nothing any more. */
const MAX_WAITING = 67_108_864;

/** A channel to another process. `overflowed` hears of messages that are not sent because too much waits already: once each time that it begins. */
export function processChannel(peer: Peer, overflowed: (waiting: number) => void): Channel {
	let waiting = 0;
	let isFull = false;
	return {
		send(message, size = 0) {
			if (!peer.connected) return;
			if (size > 0 && waiting + size > MAX_WAITING) {
				if (!isFull) overflowed(waiting);
				isFull = true;
				return;
			}
			waiting += size;
			// Without a callback, the error of a peer that has just gone would be thrown.
			peer.send?.({ svelteAdapterUws: message } satisfies Wrapped, () => {
				waiting -= size;
				if (waiting < MAX_WAITING / 2) isFull = false;
			});
		},
		listen(receive) {
			const hear = (message: unknown, handle?: unknown): void => {
				if (isWrapped(message)) receive(message.svelteAdapterUws, handle);
			};
			peer.on('message', hear);
			return { [Symbol.dispose]: () => void peer.off('message', hear) };
		}
	};
}

/** Sends a message and resolves once it has left, for a process that ends after it. */
export function lastWord(peer: Peer, message: Message): Promise<void> {
	return new Promise((resolve) => {
		if (peer.connected) peer.send?.({ svelteAdapterUws: message } satisfies Wrapped, () => resolve());
		else resolve();
	});
}

/** Gives a connection to a process that this one started. It stays open here too, until the other says that it has it. */
export function handOver(child: ChildProcess, id: number, connection: Socket): void {
	if (!child.connected) return;
	child.send({ svelteAdapterUws: { type: 'connection', id } } satisfies Wrapped, connection, { keepOpen: true }, () => {});
}

function isWrapped(message: unknown): message is Wrapped {
	return typeof message === 'object' && message !== null && 'svelteAdapterUws' in message;
}
