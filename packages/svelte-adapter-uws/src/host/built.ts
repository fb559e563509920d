import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import type { Bus } from '../contract/bus.ts';
import type { Log } from '../contract/log.ts';
import type { BuildSettings } from '../contract/options.ts';
import type { Peers } from '../contract/peers.ts';
import type { Stores } from '../contract/stores.ts';
import type { ListenOptions, Listener } from '../contract/transport.ts';
import type { ServerCore } from '../core/parts.ts';
import { AuthenticationStep } from '../http/authentication.ts';
import { createHttpHandler, type HttpServing } from '../http/handler.ts';
import { clientAddressOrPeer, originOrNothing, requestOrigin, type ProxyConfig } from '../http/ssr/address.ts';
import type { SvelteKitServer } from '../http/ssr/respond.ts';
import { scan } from '../http/static/scan.ts';
import { assemble } from './assemble.ts';
import { systemClock } from './clock.ts';
import { connectStores } from './cluster/store-client.ts';
import { WorkerBus } from './cluster/worker-bus.ts';
import { workerPeers } from './cluster/worker-peers.ts';
import type { Worker } from './cluster/worker.ts';
import { logTraffic, tapTraffic } from './debug.ts';
import type { Environment } from './env.ts';
import { missingHostPin, type PinParts } from './host-pin.ts';
import { readHooks } from './hooks.ts';
import { Life } from './life.ts';
import { resolveWebSocketOptions } from './options.ts';
import { createRandomId } from './random-id.ts';
import { StartError } from './start-error.ts';

/** What `handler.js` of a build hands over. */
export interface Entry {
	/** The folder of the build. */
	readonly directory: string;
	readonly settings: BuildSettings;
	readonly app: () => Promise<{ readonly server: App }>;
	/** Absent when the project has no hooks. */
	readonly hooks: (() => Promise<Readonly<Record<string, unknown>>>) | undefined;
}

interface App extends SvelteKitServer {
	init(options: { env: Record<string, string | undefined>; read: (file: string) => ReadableStream }): Promise<void>;
}

/** A build that is loaded: it answers requests, and serves sockets once it is given a listener. */
export interface Built {
	readonly http: HttpServing;
	readonly life: Life;
	/**
	 * Joins a listener to the hooks, runs `init`, and is ready. Absent `sockets` = there is no endpoint; `secure` = the listener speaks
	 * TLS; `worker` = what this process is to a primary, which speaks for all of its workers. Call it once.
	 */
	serve(listen: (sockets: ListenOptions['sockets']) => Promise<Listener>, secure: boolean, worker?: Worker): Promise<ServerCore>;
}

/** Initialises the app, reads the hooks and the static files. Throws a StartError for what the operator can change. */
export async function loadBuilt(entry: Entry, environment: Environment, log: Log): Promise<Built> {
	const { directory, settings, app } = entry;
	const { websocket, envPrefix } = settings;
	const client = join(directory, 'client');
	const proxy: ProxyConfig = { ...environment, origin: environment.origin ?? (settings.origin || undefined) };

	const { server } = await timed(
		log,
		() => 'App initialised',
		async () => {
			const loaded = await app();
			const read = (file: string): ReadableStream =>
				Readable.toWeb(createReadStream(join(client, settings.base, file))) as ReadableStream;
			await loaded.server.init({ env: process.env, read });
			return loaded;
		}
	);
	// Only now: the hooks may read the app's environment at the top of their module.
	const hooks = websocket ? readHooks((await entry.hooks?.()) ?? {}, log) : {};
	if (websocket) pinHost({ websocket, environment, origin: proxy.origin, hooks, envPrefix }, log);
	else if (!proxy.origin && !environment.hostHeader && !environment.protocolHeader && !environment.tls)
		warnAboutOrigin(envPrefix, log);

	const table = await timed(
		log,
		({ size }) => `${size} static paths read`,
		async () =>
			scan({
				client,
				prerendered: join(directory, 'prerendered'),
				base: settings.base,
				appDir: settings.appDir,
				...(settings.streamFilesAbove === false ? {} : { memoryCap: settings.streamFilesAbove })
			})
	);
	const life = new Life();
	let core: ServerCore | undefined;
	const authentication =
		websocket &&
		new AuthenticationStep({
			path: websocket.authPath,
			mounted: () => hooks.authenticate !== undefined,
			authenticator: () => core?.authentication,
			log,
			origin: (head) => requestOrigin(proxy, (name) => head.header(name), head.peer.secure)
		});
	const http = createHttpHandler({
		table,
		authentication: authentication || undefined,
		server,
		proxy,
		log,
		checks: checks(settings, life),
		bodyLimit: environment.bodyLimit,
		compressCredentialed: websocket !== false && websocket.compressCredentialedResponses,
		randomId: createRandomId(),
		platformFor: (requestId) => core?.platformFor(requestId),
		healthy: () => !life.isClosing
	});
	return {
		http,
		life,
		async serve(listen, secure, worker) {
			core = await assemble({
				listen: (sockets) => listen(websocket ? sockets : undefined),
				hooks: environment.debug ? logTraffic(hooks, log) : hooks,
				log,
				...(worker && neighbours(worker, environment.relaySecret ?? (websocket || {}).workerRelayHmacSecret, log)),
				websocket: websocket || resolveWebSocketOptions({}, () => {}),
				shutdownTimeoutMs: environment.shutdownTimeoutMs,
				expectedOrigin: (request) => originOrNothing(proxy, (name) => request.header(name), secure),
				clientAddress: (request) => clientAddressOrPeer(proxy, (name) => request.header(name), request.remoteAddress)
			});
			if (environment.debug) tapTraffic(core.platform, log);
			life.start();
			if (websocket && !worker) announceEndpoint(websocket.path, log);
			if (websocket && !worker && hooks.authenticate) log.info(`Authentication endpoint at ${websocket.authPath}`);
			return core;
		}
	};
}

function checks({ healthCheckPath, readinessCheckPath }: BuildSettings, life: Life): Map<string, () => boolean> {
	const paths = new Map<string, () => boolean>();
	if (healthCheckPath !== false) paths.set(healthCheckPath, () => life.isHealthy);
	if (readinessCheckPath !== false) paths.set(readinessCheckPath, () => life.isReady);
	return paths;
}

function pinHost(parts: PinParts, log: Log): void {
	const problem = missingHostPin(parts);
	if (problem === undefined) return;
	if (!parts.websocket.unsafeSameOriginWithoutHostPin) throw new StartError(problem);
	log.warn(
		'Nothing pins the host, and unsafeSameOriginWithoutHostPin is set: a scripted client passes the same-origin check of the WebSocket endpoint.'
	);
}

function warnAboutOrigin(prefix: string, log: Log): void {
	log.warn(
		`URLs are made of http and the Host of each request, which clients choose. Set ${prefix}ORIGIN to the public URL of the app.`
	);
}

/** What joins a worker to the others. */
function neighbours({ channel, node }: Worker, secret: string | undefined, log: Log): { bus: Bus; peers: Peers; stores: Stores } {
	return {
		bus: new WorkerBus({ channel, secret, clock: systemClock(), log, telemetry: () => {} }),
		peers: workerPeers(channel),
		stores: connectStores(node, channel)
	};
}

/** Says where clients connect. */
export function announceEndpoint(path: string, log: Log): void {
	log.info(`WebSocket endpoint registered at ${path}`);
	if (path !== '/ws') log.info(`Clients need the same path: connect({ path: '${path}' })`);
}

async function timed<T>(log: Log, what: (result: T) => string, work: () => Promise<T>): Promise<T> {
	const began = performance.now();
	const result = await work();
	log.info(`${what(result)} in ${(performance.now() - began).toFixed(0)} ms`);
	return result;
}
