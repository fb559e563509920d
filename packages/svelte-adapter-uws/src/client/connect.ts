import type { Client, Readable } from '../contract/client.ts';
import { createLazyStore } from './cell.ts';
import type { ConnectOptions } from './client.ts';
import { openPage, type PageClient } from './page.ts';
import { toEvent, type TopicStores, type WSEvent } from './store/topic.ts';

/** The connection of a page. Its members are those of a `Client`; `sendQueued` takes a value instead of a frame. */
export interface WSConnection extends Omit<Client, 'sendQueued'> {
	/** The latest event of any topic. */
	readonly events: Readable<WSEvent | null>;
	/** As the function `on`. */
	readonly on: TopicStores;
	/** Gives back every `subscribe` of this connection object; what stores hold stays. */
	unsubscribe(topic: string): void;
	/** Bytes go as they are, everything else as JSON (a string arrives quoted). Dropped while not connected; false then. */
	send(data: unknown): boolean;
	/** As `send`, but queued while not connected. Over 1,000 queued frames the oldest is dropped with a warning. */
	sendQueued(data: unknown): void;
}

/**
 * The connection of this page; the first call opens it. Later calls give the same one back and ignore options; after `close()` the
 * next call opens a new one. While a page is rendered on the server it stays idle, unless `url` is given.
 * @example connect({ path: '/live', maxReconnectAttempts: 20 });
 */
export function connect(options?: ConnectOptions): WSConnection {
	const client = openPage(options);
	return (client.face ??= createFace(client)) as WSConnection;
}

function createFace(client: PageClient): WSConnection {
	const held = new Map<string, (() => void)[]>();
	const own: Omit<WSConnection, Exclude<keyof Client, 'subscribe' | 'sendQueued'> | 'on'> = {
		events: createLazyStore<WSEvent | null>(null, (cell) =>
			client.tap((envelopes) => envelopes.forEach((envelope) => cell.set(toEvent(envelope))))
		),
		subscribe(topic) {
			const release = client.subscribe(topic);
			held.set(topic, [...(held.get(topic) ?? []), release]);
			return release;
		},
		unsubscribe(topic) {
			held.get(topic)?.forEach((release) => release());
			held.delete(topic);
		},
		send: (data) => client.sendNow(encode(data)),
		sendQueued: (data) => client.sendQueued(encode(data))
	};
	// Inherited, because some members of the client change with time.
	return Object.assign(Object.create(client) as PageClient, own);
}

function encode(data: unknown): string | Uint8Array {
	if (data instanceof ArrayBuffer) return new Uint8Array(data);
	if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	return JSON.stringify(data) ?? 'null';
}
