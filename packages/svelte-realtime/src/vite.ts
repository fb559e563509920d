import { resolve } from 'node:path';
import type { EnvironmentModuleNode, Plugin } from 'vite';
import { clientStub } from './build/emit/client-stub.ts';
import { GENERATION, generation, serverManifest } from './build/emit/server-manifest.ts';
import { ssrStub } from './build/emit/ssr-stub.ts';
import { writeTypes } from './build/emit/types.ts';
import { liveFile, livePath, livePaths, readLiveModule, scanLiveDirectory } from './build/scan/manifest.ts';
import type { LiveModule } from './build/scan/live-module.ts';

/** Options of the Vite plugin. */
export interface RealtimePluginOptions {
	/** Where live modules stand, relative to the project root. Default `src/live`. */
	readonly dir?: string;
}

const MANIFEST = 'svelte-realtime/manifest';
/** What makes live modules. */
const SERVER: readonly string[] = ['svelte-realtime', 'svelte-realtime/server'];
const STUB = '$live/';
// A leading NUL keeps other plugins away from modules that no file stands behind.
const virtual = (id: string): string => `\0${id}`;

/**
 * Turns `$live/<path>` imports into typed stubs of the modules in `src/live`, and gives the server the list of them.
 *
 * @example
 * // vite.config.js
 * import realtime from 'svelte-realtime/vite';
 * export default { plugins: [sveltekit(), realtime()] };
 */
export default function realtime(options: RealtimePluginOptions = {}): Plugin {
	let root = '';
	let dir = '';
	let eager = false;
	let warn = (_message: string): void => {};
	const sent = new Map<string, string>();

	/** Every live module, and its types written; a module that does not parse throws, with its types left as they were. */
	const scan = (): readonly LiveModule[] => {
		const modules = scanLiveDirectory(dir);
		writeTypes(root, modules);
		return modules;
	};

	/** Why an import finds nothing, and what it could find. */
	const missing = (source: string): string => {
		const path = source.slice(STUB.length);
		const bare = path.replace(/\.[cm]?[jt]s$/, '');
		if (bare !== path && liveFile(dir, bare)) return `${source} does not exist. Leave the ending out: ${STUB}${bare}.`;
		const others = livePaths(dir);
		return `${source} does not exist: there is no live module ${path} in ${dir}. ${others.length > 0 ? `It has ${others.join(', ')}.` : 'It has none.'}`;
	};

	/** Why a page may not have what it imports. */
	const serverOnly = (source: string, importer: string): string => {
		const path = livePath(dir, importer);
		return path === undefined
			? `${importer} imports ${source}, which runs on the server alone. In pages import from svelte-realtime/client or ${STUB}….`
			: `${importer} runs on the server alone, and a page imports it: all that it holds would be in every browser. Import from ${STUB}${path} in place of the file.`;
	};

	return {
		name: 'svelte-realtime',
		enforce: 'pre',

		config: () => ({
			// The manifest takes the place of a module of this package, so Vite has to see the package on the server.
			ssr: { noExternal: ['svelte-realtime'] },
			optimizeDeps: { exclude: ['svelte-realtime', 'svelte-adapter-uws'] }
		}),

		configResolved(config) {
			root = config.root;
			dir = resolve(root, options.dir ?? 'src/live');
			eager = config.command === 'serve';
			warn = (message) => config.logger.warn(`[svelte-realtime] ${message}`);
			if (!config.plugins.some(({ name }) => name === 'svelte-adapter-uws'))
				warn(
					"Nothing serves WebSockets, because the Vite plugin of the adapter is missing. In vite.config: import uws from 'svelte-adapter-uws/vite', then plugins: [sveltekit(…), uws(), realtime()]."
				);
			try {
				if (scan().length === 0)
					warn(
						`No live modules in ${dir}. Add one, for example src/live/hello.ts: export const hello = live(async (ctx, name) => \`Hello \${name}\`)`
					);
			} catch (error) {
				// Types can wait until the author has finished typing; importing the module reports the same error with its place.
				warn(error instanceof Error ? error.message : String(error));
			}
		},

		resolveId: {
			filter: { id: /^(?:\$live\/|svelte-realtime(?:\/(?:server|manifest|generation))?$)/ },
			handler(source, importer) {
				if (SERVER.includes(source)) {
					if (this.environment.config.consumer === 'server' || importer === undefined) return undefined;
					return this.error(serverOnly(source, importer));
				}
				if (source === GENERATION) return virtual(GENERATION);
				if (source === MANIFEST) return this.environment.config.consumer === 'server' ? virtual(MANIFEST) : undefined;
				if (liveFile(dir, source.slice(STUB.length))) return virtual(source);
				return this.error(missing(source));
			}
		},

		load: {
			// NUL marks virtual modules.
			filter: { id: /^\0(?:\$live\/|svelte-realtime\/(?:manifest|generation)$)/ },
			handler(id) {
				if (id === virtual(GENERATION)) return generation;
				if (id === virtual(MANIFEST)) {
					const modules = scan();
					for (const { findings } of modules) {
						for (const { level, message } of findings) {
							if (level === 'error') this.error(message);
							warn(message);
						}
					}
					for (const { file } of modules) this.addWatchFile(file);
					return serverManifest(modules, eager);
				}
				const path = id.slice(virtual(STUB).length);
				const file = liveFile(dir, path);
				if (!file) return this.error(`$live/${path} is gone: there is no live module ${path} in ${dir}.`);
				const module = readLiveModule(path, file);
				const text = this.environment.config.consumer === 'server' ? ssrStub(module) : clientStub(module);
				sent.set(`${this.environment.name}:${path}`, text);
				return text;
			}
		},

		hotUpdate: {
			order: 'pre',
			handler({ file, modules }) {
				const path = livePath(dir, file);
				if (path === undefined) return undefined;
				const { moduleGraph, config, name } = this.environment;
				const affected: EnvironmentModuleNode[] = [...modules];
				const include = (id: string): void => {
					const module = moduleGraph.getModuleById(id);
					if (module && !affected.includes(module)) affected.push(module);
				};
				// Also on a change: a manifest that could not be made has no imports through which it would be found.
				include(virtual(MANIFEST));
				include(virtual(GENERATION));
				try {
					scan();
					const found = liveFile(dir, path);
					const module = found && readLiveModule(path, found);
					const text = module && (config.consumer === 'server' ? ssrStub(module) : clientStub(module));
					if (sent.get(`${name}:${path}`) !== text) include(virtual(STUB + path));
				} catch (error) {
					warn(error instanceof Error ? error.message : String(error));
				}
				return affected;
			}
		}
	};
}
