import { join } from 'node:path';
import type { Plugin, ResolvedConfig } from 'vite';
import { bundlePlugin } from './build/bundle.ts';
import { findHooksFile } from './build/hooks-file.ts';
import type { ResolvedAdapterOptions, ResolvedWebSocketOptions, WebSocketOptions } from './contract/options.ts';
import type { Kit2Options } from './host/dev-env.ts';
import { resolveWebSocketOptions } from './host/options.ts';
import { servePlugin } from './host/vite.ts';

/** Options of the Vite plugin: those of the endpoint, which it otherwise takes from the adapter. */
export interface UWSPluginOptions extends WebSocketOptions {
	/** Accepts handshakes of every origin in `vite dev`. Default false. */
	readonly devSkipOriginCheck?: boolean;
	/** Milliseconds that a client has for its reply to `platform.request` in `vite dev` and `vite preview`, unless the call says otherwise. Default 5,000. */
	readonly timeoutMs?: number;
}

interface Settings {
	readonly active: boolean;
	readonly websocket: ResolvedWebSocketOptions | false;
	readonly requestTimeoutMs: number;
	readonly serverDirectory: string;
	readonly kit: ReturnType<typeof kitOptions>;
}

/** What one instance of the plugin was given; found by the other instances under `api`. */
interface Given {
	readonly adapter: ResolvedAdapterOptions | undefined;
	readonly options: UWSPluginOptions;
}

const NAME = 'svelte-adapter-uws';

/**
 * The plugins of one instance: `adapter` when the adapter brings them (SvelteKit 3), `options` when the user adds them (SvelteKit 2).
 * Of several instances the adapter's acts, and options given by hand go before those of the adapter.
 */
export function createPlugins(given: Given): Plugin[] {
	let settings: Settings | undefined;
	let root = '';
	const resolved = (): Settings => {
		if (!settings) throw new Error(`${NAME}: a hook of the plugin ran before the Vite config was resolved.`);
		return settings;
	};
	const findHooks = (): string | undefined => {
		const { websocket } = resolved();
		return findHooksFile(root, websocket ? websocket.handler : undefined);
	};
	const own: Plugin = {
		name: NAME,
		api: given,
		configResolved(config) {
			root = config.root;
			settings = resolve(config, own);
			if (settings.active) warnAboutUnused(settings, findHooks(), config);
		}
	};
	return [own, bundlePlugin(resolved), servePlugin(() => ({ ...resolved(), findHooks }))];
}

function resolve(config: ResolvedConfig, own: Plugin): Settings {
	const instances = config.plugins.filter(({ name }) => name === NAME);
	const given = instances.map(({ api }) => api as Given);
	const acting = instances[given.findIndex(({ adapter }) => adapter)] ?? instances[0];
	const kit = kitOptions(config);
	const adapter = given.find((one) => one.adapter)?.adapter ?? kit?.adapter?.options;
	const byHand: UWSPluginOptions = Object.assign({}, ...given.map(({ options }) => options));
	return {
		active: acting === own,
		websocket: resolveEndpoint(adapter, byHand, config),
		requestTimeoutMs: checkTimeout(byHand.timeoutMs),
		kit,
		serverDirectory: join(kit?.outDir ?? join(config.root, '.svelte-kit'), 'output', 'server')
	};
}

/** What stands in the project without an effect. */
function warnAboutUnused({ websocket, kit }: Settings, hooks: string | undefined, { logger }: ResolvedConfig): void {
	const warn = (message: string): void => logger.warn(`[${NAME}] ${message}`);
	if (!websocket && hooks !== undefined)
		warn(
			`${hooks} is not used, because there is no WebSocket endpoint. Give the adapter its option: adapter({ websocket: true }).`
		);
	if (kit?.adapter?.name !== undefined && !kit.adapter.options)
		warn(
			`The app is built by ${kit.adapter.name}, which makes no server with WebSockets. Where the adapter is chosen: import adapter from '${NAME}', then adapter({ websocket: true }).`
		);
}

function resolveEndpoint(
	adapter: ResolvedAdapterOptions | undefined,
	byHand: UWSPluginOptions,
	config: ResolvedConfig
): Settings['websocket'] {
	// The adapter has the last word on whether there is an endpoint, so that dev and the built server agree.
	if (adapter?.websocket === false) return false;
	const { devSkipOriginCheck = false, timeoutMs: _, ...options } = byHand;
	const websocket = resolveWebSocketOptions({ ...adapter?.websocket, ...options }, (message) =>
		config.logger.warn(`[${NAME}] ${message}`)
	);
	return devSkipOriginCheck && config.command === 'serve' && !config.isProduction
		? { ...websocket, allowedOrigins: '*' }
		: websocket;
}

function checkTimeout(value: number = 5_000): number {
	if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
	throw new RangeError(`timeoutMs: got ${String(value)}, expected a finite number of milliseconds above 0.`);
}

/** SvelteKit 2 shows its options to other plugins; SvelteKit 3 does not, but there the adapter brings this plugin itself. */
function kitOptions(
	config: ResolvedConfig
): (Kit2Options & { readonly adapter?: { readonly name?: string; readonly options?: ResolvedAdapterOptions } }) | undefined {
	const api = config.plugins.find(({ name }) => name === 'vite-plugin-sveltekit-setup')?.api as
		| { options?: { kit?: ReturnType<typeof kitOptions> } }
		| undefined;
	return api?.options?.kit;
}
