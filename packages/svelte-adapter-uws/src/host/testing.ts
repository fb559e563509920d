// Not the global one: a wait for the server must end also where a test runs fake timers.
import { setTimeout } from 'node:timers';
import type { Bus } from '../contract/bus.ts';
import type { Clock } from '../contract/clock.ts';
import type { Connection } from '../contract/connection.ts';
import type { MessageContext, WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';
import type { WebSocketOptions } from '../contract/options.ts';
import type { Platform } from '../contract/platform.ts';
import type { Stores } from '../contract/stores.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { ListenOptions, Listener, Transport } from '../contract/transport.ts';
import type { ServerCore } from '../core/parts.ts';
import { AuthenticationStep, createAuthenticationHandler } from '../http/authentication.ts';
import { clientAddressOrPeer, originOrNothing, requestOrigin } from '../http/ssr/address.ts';
import { memoryTransport, type MemoryListener } from '../transport/memory/index.ts';
import type { MemoryPeer } from '../transport/memory/socket.ts';
import { assemble } from './assemble.ts';
import { createChaosState, type ChaosConfig } from './chaos.ts';
import { Chaotic } from './chaotic.ts';
import { systemClock } from './clock.ts';
import { readEnvironment, type Variables } from './env.ts';
import { readHooks } from './hooks.ts';
import { consoleLog } from './log.ts';
import { resolveWebSocketOptions } from './options.ts';
import { chooseTransport } from './transport.ts';

/** What a test server is made of. */
export interface TestServerOptions {
	/** The hooks, as `src/hooks.ws` exports them. Default none. */
	readonly handler?: WebSocketHooks;
	/** Default `node`: real sockets wherever Node runs. `memory` has no port: clients come in through `connect`. */
	readonly transport?: 'node' | 'uws' | 'memory';
	/** Default 0: any free port. */
	readonly port?: number;
	/** Default `/ws`. */
	readonly wsPath?: string;
	/** Whose pages may connect. Default `*`. */
	readonly origin?: WebSocketOptions['allowedOrigins'];
	/** Path of the `authenticate` hook, which real sockets have. Default `/__ws/auth`. */
	readonly authPath?: string;
	/** Default: no limits. */
	readonly upgradeAdmission?: WebSocketOptions['upgradeAdmission'];
	/** Other options of the endpoint, as in the adapter. `upgradeRateLimit` is 0 unless given: a test is one address. */
	readonly wsOptions?: Omit<WebSocketOptions, 'path' | 'handler' | 'allowedOrigins' | 'authPath' | 'upgradeAdmission'>;
	/**
	 * What the built server would read from the environment: `ORIGIN`, the names of proxy headers, `XFF_DEPTH` and `SHUTDOWN_TIMEOUT`. A value
	 * that is wrong rejects. Default none.
	 */
	readonly env?: Variables;
	/** Default the time of the machine; `manualClock()` lets the test move it. */
	readonly clock?: Clock;
	/** Decides for each frame what `__chaos` does to it: a number from 0 up to 1. Default `Math.random`. */
	readonly random?: () => number;
	/** Default: warnings and errors on the console. */
	readonly log?: Log;
	readonly telemetry?: Telemetry;
	readonly bus?: Bus;
	/** What servers of one app share, such as `platform.stores` of another one. Default: of this server alone. */
	readonly stores?: Stores;
}

/** An application frame that a server received. */
export interface ReceivedMessage {
	readonly data: string;
	readonly isBinary: boolean;
}

/** The platform of a test server. */
export interface TestPlatform extends Platform {
	/**
	 * Does something to all frames that leave from now on, whatever sends them, until the next call; `null` ends it. Throws a RangeError
	 * for a scenario that does not exist or has a value out of range.
	 * @example server.platform.__chaos({ scenario: 'drop-outbound', dropRate: 0.1 })
	 */
	__chaos(config: ChaosConfig | null): void;
}

/** A running server for tests: the production core on a loopback port. Close it, or use `await using`. */
export interface TestServer extends AsyncDisposable {
	/** `http://127.0.0.1:<port>`; `''` in memory. */
	readonly url: string;
	/** `ws://127.0.0.1:<port>/ws`; `''` in memory. */
	readonly wsUrl: string;
	readonly port: number;
	readonly platform: TestPlatform;
	/** Live connections. */
	readonly wsConnections: ReadonlySet<Connection>;
	/** Connects to a server in memory; a refused handshake rejects. On the other transports it rejects: use `wsUrl`. */
	connect(path?: string, headers?: Readonly<Record<string, string>>): Promise<MemoryPeer>;
	/** The next connection to open. Rejects after `timeoutMs`, 5,000 by default. */
	waitForConnection(timeoutMs?: number): Promise<Connection>;
	/** The next application frame to arrive. Rejects after `timeoutMs`, 5,000 by default. */
	waitForMessage(timeoutMs?: number): Promise<ReceivedMessage>;
	/** Runs the `shutdown` hook, closes every socket with 1012 and releases the port. Idempotent. */
	close(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * Starts a server for tests. Resolves when `init` has run; rejects, with the port released, when it fails.
 *
 * @example
 * await using server = await createTestServer({ handler: { message: (ws, { text }) => void ws.send(text) } });
 * const ws = new WebSocket(server.wsUrl);
 */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
	const { transport: name = 'node', port = 0, wsPath = '/ws', origin = '*', wsOptions = {} } = options;
	const log: Log = options.log ?? { ...consoleLog(), info: () => {} };
	const { authPath, upgradeAdmission } = options;
	const handler = readHooks({ ...options.handler }, log);
	const websocket = resolveWebSocketOptions(
		{
			upgradeRateLimit: 0,
			...wsOptions,
			path: wsPath,
			allowedOrigins: origin,
			...(authPath !== undefined && { authPath }),
			...(upgradeAdmission && { upgradeAdmission })
		},
		(message) => log.warn(message)
	);

	const connections = new Set<Connection>();
	const opened = new Waiters<Connection>('connection');
	const received = new Waiters<ReceivedMessage>('message');
	const hooks: WebSocketHooks = {
		...handler,
		open(ws, context) {
			connections.add(ws);
			opened.give(ws);
			return handler.open?.(ws, context);
		},
		message(ws, context: MessageContext) {
			received.give({ data: context.isBinary ? Buffer.from(context.data).toString() : context.text, isBinary: context.isBinary });
			return handler.message?.(ws, context);
		},
		close(ws, context) {
			connections.delete(ws);
			return handler.close?.(ws, context);
		}
	};

	const { shutdownTimeoutMs, ...proxy } = readEnvironment(options.env ?? {}, { prefix: '' });
	let core: ServerCore | undefined;
	const step = new AuthenticationStep({
		path: websocket.authPath,
		mounted: () => hooks.authenticate !== undefined,
		authenticator: () => core?.authentication,
		log,
		origin: (head) => requestOrigin(proxy, (header) => head.header(header), false)
	});
	const http = createAuthenticationHandler(step, log);
	let memory: MemoryListener | undefined;
	const { clock = systemClock(), random, telemetry, bus, stores } = options;
	const chaos = createChaosState(random ? { random } : {});
	const chaotic = new Chaotic(chaos, clock);
	const listen = async (sockets: NonNullable<ListenOptions['sockets']>): Promise<Listener> => {
		const where = { host: HOST, port, sockets: { ...sockets, handler: chaotic.handler(sockets.handler) } };
		if (name === 'memory') return chaotic.listener((memory = await memoryTransport.listen(where)));
		const transport: Transport = await chooseTransport(name, log);
		return chaotic.listener(await transport.listen({ ...where, http }));
	};
	const running = (core = await assemble({
		listen,
		websocket,
		hooks,
		log,
		clock,
		...(telemetry && { telemetry }),
		...(bus && { bus }),
		...(stores && { stores }),
		...(options.env && { shutdownTimeoutMs }),
		expectedOrigin: (request) => originOrNothing(proxy, (header) => request.header(header), false),
		clientAddress: (request) => clientAddressOrPeer(proxy, (header) => request.header(header), request.remoteAddress)
	}));

	const address = name === 'memory' ? '' : `${HOST}:${running.listener.port}`;
	const __chaos = (config: ChaosConfig | null): void => {
		if (config === null) chaos.reset();
		else if (config.scenario !== 'worker-flap') chaos.set(config);
		else for (const ws of [...connections]) ws.close(config.code ?? 1012, config.reason ?? 'worker restart');
	};
	let closing: Promise<void> | undefined;
	const close = (): Promise<void> => (closing ??= Promise.resolve(running[Symbol.asyncDispose]()));
	return {
		url: address && `http://${address}`,
		wsUrl: address && `ws://${address}${wsPath}`,
		port: name === 'memory' ? 0 : running.listener.port,
		platform: Object.assign(running.platform, { __chaos }),
		wsConnections: connections,
		connect(path = wsPath, headers = {}) {
			if (memory) return memory.connect(path, headers);
			return Promise.reject(
				new Error(`connect is for the memory transport. Open a WebSocket to ws://${address}${wsPath} instead.`)
			);
		},
		waitForConnection: (timeoutMs) => opened.take(timeoutMs),
		waitForMessage: (timeoutMs) => received.take(timeoutMs),
		close,
		[Symbol.asyncDispose]: close
	};
}

/** Hands the next value to everybody who waits for one. */
class Waiters<Value> {
	readonly #what: string;
	readonly #waiting = new Set<(value: Value) => void>();

	constructor(what: string) {
		this.#what = what;
	}

	give(value: Value): void {
		for (const resolve of this.#waiting) resolve(value);
		this.#waiting.clear();
	}

	take(timeoutMs = 5000): Promise<Value> {
		return new Promise((resolve, reject) => {
			// Real time also beside a manual clock: this is about the test, not about the server.
			const timer = setTimeout(() => {
				this.#waiting.delete(done);
				reject(new Error(`No ${this.#what} within ${timeoutMs} ms.`));
			}, timeoutMs);
			const done = (value: Value): void => {
				clearTimeout(timer);
				resolve(value);
			};
			this.#waiting.add(done);
		});
	}
}
