import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin, PreviewServer, ResolvedConfig, RunnableDevEnvironment, ViteDevServer } from 'vite';
import type { Log } from '../contract/log.ts';
import type { ResolvedWebSocketOptions } from '../contract/options.ts';
import { importLatest } from './dev-modules.ts';
import { createDevServer, type DevServer, type HooksModule } from './dev-server.ts';
import { show } from './log.ts';
import { primeEnvironment, type Kit2Options } from './dev-env.ts';

/** What dev and preview must know; asked once the Vite config is resolved. */
export interface ServeOptions {
	/** False when another instance of the plugin does the work. */
	readonly active: boolean;
	readonly websocket: ResolvedWebSocketOptions | false;
	/** Milliseconds that a client has for its reply to a request which names no time. */
	readonly requestTimeoutMs: number;
	/** The hooks file, an absolute path; `undefined` when the project has none. Throws when a given one is missing. */
	readonly findHooks: () => string | undefined;
	/** Where SvelteKit put the built server, an absolute path. */
	readonly serverDirectory: string;
	/** The options of SvelteKit 2; `undefined` for SvelteKit 3, which keeps them to itself. */
	readonly kit: Kit2Options | undefined;
}

/** Serves the WebSocket endpoint on the HTTP servers of `vite dev` and `vite preview`, through the same core as production. */
export function servePlugin(options: () => ServeOptions): Plugin {
	return {
		name: 'svelte-adapter-uws:serve',
		// After SvelteKit's plugin, whose preview has initialised the app by then.
		enforce: 'post',
		configureServer: (server) => serveDev(server, options()),
		configurePreviewServer: (server) => servePreview(server, options())
	};
}

async function serveDev(
	server: ViteDevServer,
	{ active, websocket, requestTimeoutMs, findHooks, kit }: ServeOptions
): Promise<void> {
	if (!active || !websocket) return;
	const log = viteLog(server.config);
	if (!server.httpServer) {
		log.warn(
			'Vite runs in middleware mode and has no HTTP server of its own, so there is no WebSocket endpoint. Use `vite dev`, or build and run `node build`.'
		);
		return;
	}
	warnAboutCollision(server.config, websocket.path, log);
	const { ssr } = server.environments;
	if (!ssr || !('runner' in ssr))
		throw new Error('svelte-adapter-uws: Vite’s ssr environment cannot import modules. Remove the option that replaces it.');
	// Each SvelteKit loads the app in its own way, and only the same way gives the same modules.
	const load = kit
		? (file: string) => server.ssrLoadModule(file, { fixStacktrace: true })
		: (file: string) => importLatest<HooksModule>(ssr as RunnableDevEnvironment, file);

	const dev = createDevServer({
		server: server.httpServer as Server,
		websocket,
		log,
		requestTimeoutMs,
		origins: originsOf(server.config),
		async load() {
			await primeEnvironment(load, server.config, kit);
			const file = findHooks();
			return file === undefined ? {} : load(file);
		}
	});

	// The one point that every change passes, also those that other plugins make to virtual modules: Vite invalidates what
	// changed and everything that imports it.
	const graph = ssr.moduleGraph;
	const invalidate = graph.invalidateModule.bind(graph);
	graph.invalidateModule = (module, seen, timestamp, ...rest) => {
		invalidate(module, seen, timestamp, ...rest);
		// Vite does not note the time of a hot update, and would keep what a request that is under way read before it.
		if (timestamp !== undefined) module.lastInvalidationTimestamp = timestamp;
		if (module.file !== null && module.file === findHooksQuietly(findHooks)) dev.reload();
	};
	const onFile = (file: string): void => {
		if (/[\\/]hooks\.ws\.\w+$/.test(file)) dev.reload();
	};
	server.watcher.on('add', onFile).on('unlink', onFile);
	server.middlewares.use(dev.middleware);
	disposeWithServer(server, dev);
}

async function servePreview(
	server: PreviewServer,
	{ active, websocket, requestTimeoutMs, serverDirectory, findHooks }: ServeOptions
): Promise<void> {
	if (!active || !websocket) return;
	const log = viteLog(server.config);
	const built = join(serverDirectory, 'hooks.ws.js');
	if (!existsSync(built) && findHooksQuietly(findHooks)) {
		log.warn(`${built} does not exist, so the preview runs without the WebSocket hooks. Run \`vite build\` again.`);
	}
	const dev = createDevServer({
		server: server.httpServer as Server,
		websocket,
		log,
		requestTimeoutMs,
		origins: originsOf(server.config),
		load: async () => (existsSync(built) ? import(pathToFileURL(built).href) : {})
	});
	server.middlewares.use(dev.middleware);
	disposeWithServer(server, dev);
}

function disposeWithServer(server: { close(): Promise<void> }, dev: DevServer): void {
	const close = server.close.bind(server);
	// Before Vite destroys the sockets, so that clients get a close frame.
	server.close = async () => {
		await dev[Symbol.asyncDispose]();
		await close();
	};
}

function findHooksQuietly(findHooks: () => string | undefined): string | undefined {
	try {
		return findHooks()?.replaceAll('\\', '/');
	} catch {
		return undefined;
	}
}

function originsOf({ server, preview, isProduction }: ResolvedConfig): Parameters<typeof createDevServer>[0]['origins'] {
	const { https, allowedHosts, host } = isProduction ? preview : server;
	return {
		secure: Boolean(https),
		allowedHosts: allowedHosts === true ? true : (allowedHosts ?? []),
		host: typeof host === 'string' ? host : undefined
	};
}

function warnAboutCollision({ server, base }: ResolvedConfig, path: string, log: Log): void {
	const hmr = typeof server.hmr === 'object' ? server.hmr.path : undefined;
	if (join('/', base, hmr ?? '') === path)
		log.warn(`server.hmr.path and websocket.path are both ${path}. Give them different paths.`);
}

function viteLog({ logger }: ResolvedConfig): Log {
	const line = (message: string): string => `[svelte-adapter-uws] ${message}`;
	const full = (message: string, details: unknown): string => {
		if (details === undefined) return line(message);
		return `${line(message)}\n${show(details)}`;
	};
	return {
		debug: () => {},
		info: (message, details) => logger.info(full(message, details)),
		warn: (message, details) => logger.warn(full(message, details)),
		error: (message, details) => logger.error(full(message, details))
	};
}
