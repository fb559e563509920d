import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import type { HttpHandler } from '../contract/http.ts';
import type { Log } from '../contract/log.ts';
import type { BuildSettings } from '../contract/options.ts';
import type { Listener, ListenOptions } from '../contract/transport.ts';
import type { ServerCore } from '../core/parts.ts';
import { createHttpHandler, type HttpServing } from '../http/handler.ts';
import { clientAddressOrPeer, requestOrigin, type ProxyConfig } from '../http/ssr/address.ts';
import type { SvelteKitServer } from '../http/ssr/respond.ts';
import { scan } from '../http/static/scan.ts';
import { assemble } from './assemble.ts';
import { systemClock } from './clock.ts';
import { readEnvironment, type Environment } from './env.ts';
import { missingHostPin } from './host-pin.ts';
import { readHooks } from './hooks.ts';
import { consoleLog } from './log.ts';
import { resolveWebSocketOptions } from './options.ts';
import { createRandomId } from './random-id.ts';
import { onSignal, shutDown } from './shutdown.ts';
import { StartError } from './start-error.ts';
import { chooseTransport } from './transport.ts';

/** What `index.js` of a build hands over. */
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

/** Starts a built server; ends the process with a readable reason when it cannot. Resolves when the server is ready. */
export async function start(entry: Entry): Promise<{ readonly host: string; readonly port: number }> {
	const log = consoleLog();
	try {
		return await run(entry, log);
	} catch (error) {
		if (error instanceof StartError) log.error(`The server did not start. ${error.message.replaceAll('\n', ' ')}`);
		else log.error('The server did not start', error);
		process.exit(1);
	}
}

async function run(
	{ directory, settings, app, hooks: loadHooks }: Entry,
	log: Log
): Promise<{ readonly host: string; readonly port: number }> {
	const environment = readEnvironment(process.env, settings.envPrefix);
	const origin = environment.origin ?? (settings.origin || undefined);
	const client = join(directory, 'client');

	const { server } = await timed(log, 'App initialised', async () => {
		const loaded = await app();
		const read = (file: string): ReadableStream =>
			Readable.toWeb(createReadStream(join(client, settings.base, file))) as ReadableStream;
		await loaded.server.init({ env: process.env, read });
		return loaded;
	});
	// Only now: the hooks may read the app's environment at the top of their module.
	const hooks = settings.websocket && loadHooks ? readHooks(await loadHooks(), log) : {};
	if (settings.websocket)
		pinHost({ websocket: settings.websocket, environment, origin, hooks, envPrefix: settings.envPrefix }, log);
	else if (!origin && !environment.hostHeader && !environment.protocolHeader && !environment.tls)
		warnAboutOrigin(settings.envPrefix, log);

	const table = await timed(log, 'Static files read', () =>
		scan({
			client,
			prerendered: join(directory, 'prerendered'),
			base: settings.base,
			appDir: settings.appDir,
			...(settings.streamFilesAbove === false ? {} : { memoryCap: settings.streamFilesAbove })
		})
	);
	const transport = await chooseTransport(environment.transport, log).catch((error: unknown) => refuse(error));

	let core: ServerCore | undefined;
	let shuttingDown = false;
	const proxy: ProxyConfig = { ...environment, origin };
	const http = createHttpHandler({
		table,
		server,
		proxy,
		log,
		healthCheckPath: settings.healthCheckPath,
		bodyLimit: environment.bodyLimit,
		compressCredentialed: settings.websocket !== false && settings.websocket.compressCredentialedResponses,
		randomId: createRandomId(),
		platformFor: (requestId) => core?.platformFor(requestId),
		healthy: () => core !== undefined && !shuttingDown
	});
	const ready = Promise.withResolvers<void>();
	ready.promise.catch(() => {});
	const { host, port, tls } = environment;
	const listen = (sockets: NonNullable<ListenOptions['sockets']>): Promise<Listener> =>
		transport
			.listen({
				host,
				port,
				http: holdUntil(ready.promise, () => core !== undefined, http),
				...(settings.websocket ? { sockets } : {}),
				...(tls ? { tls } : {})
			})
			.catch((error: unknown) => refuse(error));
	const secure = tls !== undefined;
	core = await assemble({
		listen,
		hooks,
		log,
		websocket: settings.websocket || resolveWebSocketOptions({}, () => {}),
		shutdownTimeoutMs: environment.shutdownTimeoutMs,
		expectedOrigin: (request) => originOrNothing(proxy, (name) => request.header(name), secure),
		clientAddress: (request) => clientAddressOrPeer(proxy, (name) => request.header(name), request.remoteAddress)
	});
	ready.resolve();

	endOnSignal(core, http, environment, () => (shuttingDown = true), log);
	if (settings.websocket) announceEndpoint(settings.websocket.path, log);
	const address = host.includes(':') ? `[${host}]` : host;
	log.info(
		`Listening on ${secure ? 'https' : 'http'}://${address}:${core.listener.port}${transport.name === 'uws' ? '' : ` (${transport.name} transport)`}`
	);
	return { host, port: core.listener.port };
}

function refuse(error: unknown): never {
	throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
}

function pinHost(parts: Parameters<typeof missingHostPin>[0], log: Log): void {
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

function announceEndpoint(path: string, log: Log): void {
	log.info(`WebSocket endpoint registered at ${path}`);
	if (path !== '/ws') log.info(`Clients need the same path: connect({ path: '${path}' })`);
}

/** The handler, with app requests held back until the server is ready. */
function holdUntil(ready: Promise<void>, isReady: () => boolean, http: HttpServing): HttpHandler {
	return {
		bodyLimit: http.bodyLimit,
		plan: (head) => http.plan(head),
		respond: (head, body, signal) =>
			isReady() ? http.respond(head, body, signal) : ready.then(() => http.respond(head, body, signal)),
		settled: (error) => http.settled(error)
	};
}

function originOrNothing(proxy: ProxyConfig, header: (name: string) => string, secure: boolean): string | undefined {
	try {
		return requestOrigin(proxy, header, secure);
	} catch {
		return undefined;
	}
}

function endOnSignal(core: ServerCore, http: HttpServing, environment: Environment, announce: () => void, log: Log): void {
	const clock = systemClock();
	/** Clients answer a close frame; until they have, ending the process could take it away from them. */
	const socketsGone = async (): Promise<void> => {
		const end = clock.now() + 1000;
		while (core.platform.connections > 0 && clock.now() < end) await new Promise<void>((resolve) => clock.after(10, resolve));
	};
	onSignal((reason) =>
		shutDown(reason, {
			announce,
			clock,
			log,
			delayMs: environment.shutdownDelayMs,
			timeoutMs: environment.shutdownTimeoutMs,
			drain: () => core.drain().then(socketsGone),
			idle: () => http.idle(),
			dispose: async () => core[Symbol.asyncDispose]()
		})
	);
}

async function timed<T>(log: Log, what: string, work: () => Promise<T>): Promise<T> {
	const began = performance.now();
	const result = await work();
	log.info(`${what} in ${(performance.now() - began).toFixed(0)} ms`);
	return result;
}
