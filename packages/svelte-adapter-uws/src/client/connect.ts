import type { Client, Readable, WaitOptions } from '../contract/client.ts';
import { createLazyStore } from './cell.ts';
import { createCore, type ClientOptions, type Core, type ConnectOptions } from './client.ts';
import { currentEnvironment, type Environment } from './environment.ts';
import { openPage, type PageClient } from './page.ts';
import { readOptions } from './read-options.ts';
import { whenReady } from './ready.ts';
import { answerRequests, type RequestHandler } from './request.ts';
import { toEvent, type TopicStore, type TopicStores, type WSEvent } from './store/topic.ts';

/** The connection of a page. Its members are those of a `Client`; `sendQueued` takes a value instead of a frame. */
export interface WSConnection extends Omit<Client, 'sendQueued'> {
	/** The latest event of any topic. */
	readonly events: Readable<WSEvent | null>;
	/** As the function `onRequest`. */
	onRequest(handler: RequestHandler): () => void;
	/** As the function `on`. */
	readonly on: TopicStores;
	/** Gives back every `subscribe` of this connection object; what stores hold stays. */
	unsubscribe(topic: string): void;
	/** Bytes go as they are, everything else as JSON (a string arrives quoted). Dropped while not connected; false then. */
	send(data: unknown): boolean;
	/** As `send`, but queued while not connected. Over 1,000 queued frames the oldest is dropped with a warning. */
	sendQueued(data: unknown): void;
	/** For packages that build on this one: as `on(topic, event)`. */
	_onEvent<T = unknown>(topic: string, event: string): TopicStore<{ readonly data: T }>;
	/** For packages that build on this one: gives back one `subscribe` of a topic, or leaves one that the server joined for this client. */
	_release(topic: string): void;
	/** For packages that build on this one: whether the connection has ended for good. */
	readonly _permaClosed: Readable<boolean>;
	/** For packages that build on this one: the address was given as `url`, so the connection works without a page. */
	readonly _hasUrl: boolean;
}

/**
 * The connection of this page; the first call opens it. Later calls give the same one back and ignore options; after `close()` the
 * next call opens a new one. While a page is rendered on the server it stays idle, unless `url` is given.
 * @example connect({ path: '/live', maxReconnectAttempts: 20 });
 */
export function connect(options?: ConnectOptions): WSConnection {
	const client = openPage(options && readOptions(options));
	const { log } = currentEnvironment();
	const used = client.face || client.implicit ? undefined : options;
	if (used?.debug) narrate(client, log);
	if (options && client.implicit) {
		client.implicit = false;
		log.warn('connect(): options ignored, the connection exists. Call it before you use a store.');
	}
	return (client.face ??= createFace(client, used?.url !== undefined, used?.debug ? log : undefined)) as WSConnection;
}

/**
 * Creates a client and starts to connect. Without `url` and without a page (server-side rendering) it stays idle: nothing is sent,
 * `ready()` resolves, `status` stays `disconnected`.
 * @example const client = createClient({ url: 'wss://example.com/ws' });
 */
export function createClient(options: ClientOptions = {}): Client {
	const core = createCore(readOptions(options));
	if (options.debug) narrate(core, options.log ?? currentEnvironment().log);
	return withReady(core, {});
}

/** Adds to a client. It is inherited, because some of its members change with time. */
function withReady<T extends object>(core: Core, more: T): Client & T {
	return Object.assign(Object.create(core) as Core, { ready: (options?: WaitOptions) => whenReady(core, options) }, more);
}

function narrate(core: Core, log: Environment['log']): void {
	core.status.subscribe((status) => log.debug('[ws] status', status));
	core.tap((envelopes) => envelopes.forEach((envelope) => log.debug('[ws] event', envelope)));
}

function createFace(client: PageClient, hasUrl: boolean, log: Environment['log'] | undefined): WSConnection {
	const held = new Map<string, Set<() => void>>();
	const own: Omit<WSConnection, Exclude<keyof Client, 'subscribe' | 'sendQueued'> | 'on'> = {
		events: createLazyStore<WSEvent | null>(null, (cell) =>
			client.tap((envelopes) => envelopes.forEach((envelope) => cell.set(toEvent(envelope))))
		),
		subscribe(topic) {
			const leave = client.subscribe(topic);
			const releases = held.get(topic) ?? new Set();
			const release = (): void => {
				if (!releases.delete(release)) return;
				if (releases.size === 0) held.delete(topic);
				leave();
			};
			held.set(topic, releases.add(release));
			return release;
		},
		unsubscribe(topic) {
			held.get(topic)?.forEach((release) => release());
		},
		onRequest: (handler) => answerRequests(client, handler),
		send(data) {
			const sent = client.sendNow(encode(data));
			if (!sent) log?.warn('[ws] Not connected: dropped what send() was given.');
			return sent;
		},
		sendQueued: (data) => client.sendQueued(encode(data)),
		_onEvent: client.on,
		_release(topic) {
			const [release] = held.get(topic) ?? [];
			if (release) release();
			else client.release(topic);
		},
		_permaClosed: createLazyStore(false, (cell) => client.status.subscribe((status) => cell.set(status === 'failed'))),
		_hasUrl: hasUrl
	};
	return withReady(client, own) as unknown as WSConnection;
}

function encode(data: unknown): string | Uint8Array {
	if (data instanceof ArrayBuffer) return new Uint8Array(data);
	if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	return JSON.stringify(data) ?? 'null';
}
