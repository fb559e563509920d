import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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
const OURS = /^svelte-(?:adapter-uws|realtime)/;
const OWN_PACKAGE = fileURLToPath(new URL('../../package.json', import.meta.url));
const response = fileURLToPath(new URL('../http/ssr/app-response.js', import.meta.url)).replaceAll('\\', '/');
const entry = fileURLToPath(new URL('../host/production.js', import.meta.url));

/**
 * Emits the production entry and the project's WebSocket hooks as chunks of Vite's `ssr` environment: they share modules, and so
 * module state, with the app. What is bundled is everything but the engine and the project's own `dependencies`, save those that need the bundler.
 */
export function bundlePlugin(options: () => BundleOptions): Plugin {
	let root = '';
	return {
		name: 'svelte-adapter-uws:bundle',
		apply: 'build',
		enforce: 'pre',

		config: {
			// After all others, to see which packages need the bundler.
			order: 'post',
			handler: (config) => ({
				ssr: { noExternal: true, external: externals(config) },
				environments: { ssr: { build: { rolldownOptions: { transform: { inject: { Response: [response, 'Response'] } } } } } }
			})
		},

		configResolved(config) {
			root = config.root;
		},

		// Where the engine is not installed now, Vite would write down that it is missing.
		resolveId: {
			filter: { id: /^uWebSockets\.js$/ },
			handler(id) {
				return this.environment.name === 'ssr' ? { id, external: true } : undefined;
			}
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
	const root = config.root ?? process.cwd();
	const bundled = config.ssr?.noExternal;
	// Somebody, or another instance of this plugin, has decided already.
	if (bundled === true) return [ENGINE];
	const rules = Array.isArray(bundled) ? bundled : typeof bundled === 'string' || bundled instanceof RegExp ? [bundled] : [];
	// SvelteKit and this package need their libraries in their own versions, and the project may depend on others of the same name.
	const shared = new Set([...dependenciesOf(OWN_PACKAGE), ...dependenciesOf(kitPackage(root))]);
	const needsBundler = (name: string): boolean =>
		shared.has(name) || OURS.test(name) || rules.some((rule) => (typeof rule === 'string' ? rule === name : rule.test(name)));
	return [...dependenciesOf(join(root, 'package.json')).filter((name) => !needsBundler(name)), ENGINE];
}

function kitPackage(root: string): string {
	try {
		return createRequire(join(root, 'package.json')).resolve('@sveltejs/kit/package.json');
	} catch {
		return '';
	}
}

function dependenciesOf(packageFile: string): string[] {
	if (!existsSync(packageFile)) return [];
	const { dependencies = {} } = JSON.parse(readFileSync(packageFile, 'utf8')) as { dependencies?: Record<string, string> };
	return Object.keys(dependencies);
}
