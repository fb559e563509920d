import type { Readable, Status } from 'svelte-adapter-uws/contract';
import { connect, status, type WSConnection } from 'svelte-adapter-uws/client';
import type { Cell } from './cell.ts';
import { createClock } from './clock.ts';
import { createLiveClient, type Connection, type LiveClient, type Settings } from './live-client.ts';
import { checkOffline, OfflineCalls, type OfflineOptions } from './rpc/offline.ts';
import { Quiet } from './stream/quiet.ts';

/** What `configure` takes. What is left out stays as it is. */
export interface Configuration extends Partial<Settings> {
	/** Address of the server, `wss://…`, for pages that it does not serve itself. Only before the first call or stream. */
	readonly url?: string;
	/** What becomes of calls that are made without a connection. */
	readonly offline?: OfflineOptions;
}

/** `degraded`: events of other instances may be missing, because what joins them is down. */
export type Health = 'healthy' | 'degraded';

/** How the server is, and who watches. */
export interface HealthState {
	readonly cell: Cell<Health>;
	watchers: number;
	stop?: () => void;
}

interface Page {
	url: string | undefined;
	settings: Settings;
	readonly quiet: Quiet;
	client?: Connection;
	live?: LiveClient;
	/** What becomes of calls that are made without a connection. */
	offline?: OfflineOptions;
	/** Makes the calls of a client such that they may wait. */
	keepCalls?: (live: LiveClient) => void;
	/** Stops waiting for a connection that takes the place of a closed one. */
	unfollow?: () => void;
	/** What has to be set up on each connection, and what takes it back. */
	attached?: Map<Attach, () => void>;
	/** How many watch the health of the server, and how it is. */
	health?: HealthState;
	/** What answers pushes, by event. */
	pushes?: Map<string, (data: any) => unknown>;
}

/** Sets something up on a connection; what it gives takes that back. */
export type Attach = (connection: WSConnection) => () => void;

// A page has one connection, however many copies of this package its bundle holds.
const PAGE = Symbol.for('svelte-realtime.page');

function page(): Page {
	const holder = globalThis as { [PAGE]?: Page };
	return (holder[PAGE] ??= { url: undefined, settings: { timeout: 30_000, resumeGraceMs: 60_000 }, quiet: new Quiet() });
}

/** The realtime client of this page; the first use opens the connection. */
export function live(): LiveClient {
	const here = page();
	if (here.live && here.live.closed() === undefined) return here.live;
	const client = connect(here.url === undefined ? undefined : { url: here.url });
	if (here.live && here.client === client) return here.live;
	// The connection was closed and opened anew, perhaps for another user: streams begin anew as well, those that rest included.
	const streams = here.live ? [...here.live.running] : [];
	here.live?.close();
	here.client = client;
	here.live = createLiveClient(client, {
		clock: createClock(),
		random: Math.random,
		settings: () => here.settings,
		quiet: here.quiet
	});
	for (const stream of streams) stream.restart();
	for (const attach of here.attached?.keys() ?? []) here.attached?.set(attach, attach(client));
	here.keepCalls?.(here.live);
	here.unfollow ??= followConnection(here);
	return here.live;
}

/** Goes over to a connection that takes the place of a closed one, whoever opened it. */
function followConnection(here: Page): () => void {
	let latest: Status;
	return status.subscribe((next) => {
		latest = next;
		// Whoever opens it is not done yet.
		if (next === 'connecting') queueMicrotask(() => latest !== 'failed' && here.live?.closed() !== undefined && live());
	});
}

/** Sets something up on this page's connection, unless it is already, and on each that takes its place. Opens it. Nothing while a page is rendered. */
export function attachTo(attach: Attach): () => void {
	if (!hasServer()) return () => {};
	live();
	const attached = (page().attached ??= new Map());
	if (!attached.has(attach)) attached.set(attach, attach(connect()));
	return () => {
		attached.get(attach)?.();
		attached.delete(attach);
	};
}

/** How the server is, as this page knows. */
export function healthOf(make: () => HealthState): HealthState {
	return (page().health ??= make());
}

/** Whether there is a server to connect to: not while a page is rendered. */
export const hasServer = (): boolean => page().url !== undefined || typeof location !== 'undefined';

/** The handlers of this page's pushes. */
export function pushHandlers(): Map<string, (data: any) => unknown> {
	return (page().pushes ??= new Map());
}

/**
 * A store that is true while no stream that this page follows is waiting for its value, also before the first one.
 * @example {#if !$quiescent}<Spinner />{/if}
 */
export const quiescent: Readable<boolean> = { subscribe: (run) => page().quiet.store.subscribe(run) };

/**
 * Sets options of this page's client; several calls add up.
 * @example configure({ timeout: 10_000, onDisconnect: () => console.log('offline') });
 */
export function configure(configuration: Configuration): void {
	const here = page();
	const { url = here.url, offline, ...settings } = configuration;
	if (here.live && url !== here.url)
		throw new Error(
			'configure({ url }) comes too late: the connection is open already. Call it before the first call or stream.'
		);
	if (offline) checkOffline(offline);
	here.url = url;
	here.settings = { ...here.settings, ...settings };
	if (!offline) return;
	here.offline = { ...here.offline, ...offline };
	if (here.keepCalls) return;
	here.keepCalls = (client) => void (client.calls = new OfflineCalls(client, () => here.offline ?? {}));
	if (here.live) here.keepCalls(here.live);
}
