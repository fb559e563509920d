import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin, UserConfig } from 'vite';
import type { WebSocketOptions } from '../contract/options.ts';
import { findHooksFile } from './hooks-file.ts';

/** Names of the chunks that the build adds to SvelteKit's server output. */
export const CHUNKS = { server: 'adapter-uws.js', hooks: 'hooks.ws.js' } as const;

/** What the bundler must know; asked once the Vite config is resolved. */
export interface BundleOptions {
	/** False when another instance of the plugin does the work. */
	readonly active: boolean;
	readonly websocket: Pick<WebSocketOptions, 'handler'> | false;
}

const ENGINE = 'uWebSockets.js';
const self = fileURLToPath(new URL('..', import.meta.url)).replaceAll('\\', '/');
const entry = fileURLToPath(new URL('../host/production.js', import.meta.url));

/**
 * Emits the production entry and the project's WebSocket hooks as chunks of Vite's `ssr` environment: they share modules, and so
 * module state, with the app. What is bundled is everything but the project's own `dependencies` and the engine.
 */
export function bundlePlugin(options: () => BundleOptions): Plugin {
	let root = '';
	let ownDependencies: ReadonlySet<string> = new Set();
	return {
		name: 'svelte-adapter-uws:bundle',
		apply: 'build',
		enforce: 'pre',

		config: {
			// After all others, to see which packages need the bundler.
			order: 'post',
			handler: (config) => ({ ssr: { noExternal: true, external: externals(config) } })
		},

		configResolved(config) {
			root = config.root;
			ownDependencies = new Set(Object.keys(readPackage(join(self, '..')).dependencies ?? {}));
		},

		resolveId(source, importer) {
			// Our libraries in our versions, also where the project depends on others of the same name.
			const wanted = this.environment.name === 'ssr' && ownDependencies.has(source) && importer?.replaceAll('\\', '/').startsWith(self);
			return wanted ? fileURLToPath(import.meta.resolve(source)) : undefined;
		},

		buildStart() {
			const { active, websocket } = options();
			if (this.environment.name !== 'ssr' || !active) return;
			this.emitFile({ type: 'chunk', id: entry, fileName: CHUNKS.server, preserveSignature: 'strict' });
			if (!websocket) return;
			const hooks = findHooksFile(root, websocket.handler);
			if (hooks) this.emitFile({ type: 'chunk', id: hooks, fileName: CHUNKS.hooks, preserveSignature: 'strict' });
		}
	};
}

function externals(config: UserConfig): string[] {
	const bundled = config.ssr?.noExternal;
	const rules = Array.isArray(bundled) ? bundled : typeof bundled === 'string' || bundled instanceof RegExp ? [bundled] : [];
	const needsBundler = (name: string): boolean =>
		/^svelte-(?:adapter-uws|realtime)/.test(name) || rules.some((rule) => (typeof rule === 'string' ? rule === name : rule.test(name)));
	const dependencies = Object.keys(readPackage(config.root ?? process.cwd()).dependencies ?? {});
	return [...dependencies.filter((name) => !needsBundler(name)), ENGINE];
}

function readPackage(directory: string): { readonly dependencies?: Readonly<Record<string, string>> } {
	try {
		return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
	} catch {
		return {};
	}
}
