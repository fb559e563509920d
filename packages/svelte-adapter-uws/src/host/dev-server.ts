import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Authenticator } from '../contract/authenticator.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';
import type { ResolvedWebSocketOptions } from '../contract/options.ts';
import type { ServerCore } from '../core/parts.ts';
import { AuthenticationStep, createAuthenticationHandler } from '../http/authentication.ts';
import { attach } from '../transport/node/attach.ts';
import { createNodeAnswer } from '../transport/node/http.ts';
import { assemble } from './assemble.ts';
import { devOrigin, type DevOrigins } from './dev-origin.ts';
import { offerDevHost, showDevPlatform } from './dev-slot.ts';
import { readHooks } from './hooks.ts';
import { createRandomId } from './random-id.ts';

export type HooksModule = Readonly<Record<string, unknown>>;

export interface DevServerParts {
	/** Somebody else's server; the core starts when it listens. */
	readonly server: Server;
	readonly websocket: ResolvedWebSocketOptions;
	readonly origins: DevOrigins;
	/** Milliseconds that a client has for its reply to a request which names no time. */
	readonly requestTimeoutMs: number;
	/** Gives the same object for as long as nothing in the graph of the hooks changed. */
	readonly load: () => Promise<HooksModule>;
	readonly log: Log;
}

/** A request handler in the manner of Connect. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** The endpoint beside a server of Vite's. Disposing closes its sockets with 1012. */
export interface DevServer extends AsyncDisposable {
	/** Loads the hooks again; new ones take effect, and those that do not load leave the last good ones in force. */
	reload(): void;
	/** Answers requests to the `authenticate` hook, and leaves all others alone. */
	readonly middleware: Middleware;
}

/** Hooks for as long as the real ones do not load: nobody comes in. */
function closedDoor(reason: unknown): WebSocketHooks {
	const refuse = (): never => {
		throw new Error(
			'The WebSocket hooks do not load, so nobody can connect. Mend hooks.ws; it is loaded again when it is saved.',
			{ cause: reason }
		);
	};
	// Without an `authenticate` of theirs, clients would take the missing page for a final no.
	return { authenticate: refuse, upgrade: refuse };
}

/** Runs a server core on somebody else's HTTP server, and offers its platform to the adapter. */
export function createDevServer({ server, websocket, origins, requestTimeoutMs, load, log }: DevServerParts): DevServer {
	let module: HooksModule | undefined;
	let lastError = '';
	let queue: Promise<unknown> = Promise.resolve();
	let waiting = false;
	let disposed = false;

	const fail = (message: string, error: unknown): void => {
		const text = error instanceof Error ? error.message : String(error);
		if (text !== lastError) log.error(message, error);
		lastError = text;
	};

	/** The hooks as they are now; `undefined` when they are those in force. */
	async function next(): Promise<WebSocketHooks | undefined> {
		const loaded = await load();
		if (loaded === module) return undefined;
		const hooks = readHooks(loaded, log);
		module = loaded;
		lastError = '';
		return hooks;
	}

	async function start(): Promise<ServerCore | undefined> {
		const parts = {
			websocket,
			log,
			requestTimeoutMs,
			expectedOrigin: devOrigin(origins),
			listen: (sockets: Parameters<typeof attach>[1]) => Promise.resolve(attach(server, sockets))
		};
		try {
			const hooks = await next().catch((error: unknown) => {
				fail('hooks.ws does not load', error);
				return closedDoor(error);
			});
			if (disposed) return undefined;
			const core = await assemble({ ...parts, hooks: hooks ?? {} });
			log.info(`WebSocket endpoint registered at ${websocket.path}`);
			return core;
		} catch (error) {
			// `init` failed: everything but that goes on, so that the next save can mend it.
			fail('The init hook of hooks.ws failed', error);
			return assemble({ ...parts, hooks: closedDoor(error) });
		}
	}

	const core = new Promise<ServerCore | undefined>((resolve) => {
		const begin = (): void => resolve(start());
		if (server.listening) begin();
		else server.once('listening', begin);
	});
	// `start` handles what can fail; a rejection here would be a fault of ours, and platform() reports it.
	core.catch(() => {});

	const randomId = createRandomId();
	const slot = new DisposableStack();
	slot.use(offerDevHost({ platform: async () => (await core)?.platformFor(randomId()) }));
	void core.then((started) => {
		if (started && !disposed) slot.use(showDevPlatform(started.platform));
	});

	let authentication: Authenticator | undefined;
	const step = new AuthenticationStep({
		path: websocket.authPath,
		mounted: () => authentication?.mounted === true,
		authenticator: () => authentication,
		log,
		origin: (head) => `${origins.secure ? 'https' : 'http'}://${head.header('host')}`
	});
	const answer = createNodeAnswer(createAuthenticationHandler(step, log));

	async function reload(): Promise<void> {
		waiting = false;
		const running = await core;
		if (!running || disposed) return;
		let hooks: WebSocketHooks | undefined;
		try {
			hooks = await next();
		} catch (error) {
			return fail('hooks.ws does not load; the last version that did stays in force', error);
		}
		if (!hooks) return;
		try {
			await running.replaceHooks(hooks);
			log.info('hooks.ws reloaded');
		} catch (error) {
			fail('The init hook of hooks.ws failed', error);
		}
	}

	return {
		reload() {
			if (waiting || disposed) return;
			waiting = true;
			// One change invalidates many modules in a row: load when all of them are.
			setImmediate(() => {
				queue = queue.then(reload);
			});
		},
		middleware(request, response, pass) {
			if (request.url?.split('?', 1)[0] !== websocket.authPath) return pass();
			core.then((started) => {
				authentication = started?.authentication;
				if (authentication?.mounted) answer(request, response, origins.secure);
				else pass();
			}, pass);
		},
		async [Symbol.asyncDispose]() {
			if (disposed) return;
			disposed = true;
			slot.dispose();
			await queue;
			if (server.listening) await (await core)?.[Symbol.asyncDispose]();
		}
	};
}
