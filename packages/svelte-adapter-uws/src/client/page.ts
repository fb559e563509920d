import type { Client, Readable } from '../contract/client.ts';
import { createCell, createLazyStore, type Cell } from './cell.ts';
import { createClient, type ConnectOptions } from './client.ts';
import { pageUrl } from './environment.ts';
import { createTopicStores, toEvent, type TopicStore, type WSEvent } from './store/topic.ts';

/** The connection of a page. Its members are those of a `Client`; `sendQueued` takes a value instead of a frame. */
export interface WSConnection extends Omit<Client, 'sendQueued'> {
	/** The latest event of any topic. */
	readonly events: Readable<WSEvent | null>;
	on<T = unknown>(topic: string): TopicStore<WSEvent<T>>;
	on<T = unknown>(topic: string, event: string): TopicStore<{ readonly data: T }>;
	/** Gives back every `subscribe` of this connection object; what stores hold stays. */
	unsubscribe(topic: string): void;
	/** Bytes go as they are, everything else as JSON (a string arrives quoted). Dropped while not connected; false then. */
	send(data: unknown): boolean;
	/** As `send`, but queued while not connected. Over 1,000 queued frames the oldest is dropped with a warning. */
	sendQueued(data: unknown): void;
}

interface PageConnection extends WSConnection {
	/** Created without options: some that come later come too late. */
	implicit: boolean;
	closed: boolean;
}

// A page has one connection, however many copies of this package its bundle holds.
const PAGE: unique symbol = Symbol.for('svelte-adapter-uws.page');

/**
 * The connection of this page; the first call opens it. Later calls give the same one back and ignore options; after `close()` the
 * next call opens a new one. While a page is rendered on the server it stays idle, unless `url` is given.
 * @example connect({ path: '/live', maxReconnectAttempts: 20 });
 */
export function connect(options?: ConnectOptions): WSConnection {
	const page = current();
	const known = page.value;
	if (known && !known.closed) {
		if (options && known.implicit) {
			known.implicit = false;
			console.warn('connect(): options ignored, the connection exists. Call it before you use a store.');
		}
		return known;
	}
	const connection = createConnection(options);
	// A render on the server must leave nothing behind.
	if (options?.url ?? pageUrl('')) page.set(connection);
	return connection;
}

/** A store of the page's connection that goes over to the next one when it was closed and opened anew. */
export function follow<T>(initial: T, select: (connection: WSConnection) => Readable<T>): Readable<T> {
	return createLazyStore(initial, (cell) => {
		let leave = (): void => {};
		// On the server this leaves no connection behind, and the store at its initial value.
		if (!current().value) connect();
		const stop = current().subscribe((connection) => {
			leave();
			if (connection) leave = select(connection).subscribe(cell.set);
		});
		return () => {
			stop();
			leave();
		};
	});
}

function current(): Cell<PageConnection | undefined> {
	const holder = globalThis as { [PAGE]?: Cell<PageConnection | undefined> };
	return (holder[PAGE] ??= createCell<PageConnection | undefined>(undefined));
}

function createConnection(options: ConnectOptions | undefined): PageConnection {
	const client = createClient(options);
	const held = new Map<string, (() => void)[]>();
	const own: Omit<PageConnection, Exclude<keyof Client, 'subscribe' | 'sendQueued' | 'close'>> = {
		implicit: !options,
		closed: false,
		events: createLazyStore<WSEvent | null>(null, (cell) => client.tap((envelopes) => envelopes.forEach((envelope) => cell.set(toEvent(envelope))))),
		on: createTopicStores(client),
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
		sendQueued: (data) => client.sendQueued(encode(data)),
		close() {
			connection.closed = true;
			client.close();
		}
	};
	// Inherited, because some members of the client change with time.
	const connection = Object.assign(Object.create(client) as Client, own);
	return connection;
}

function encode(data: unknown): string | Uint8Array {
	if (data instanceof ArrayBuffer) return new Uint8Array(data);
	if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	return JSON.stringify(data) ?? 'null';
}
