import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Adapter, Builder, Emulator } from '@sveltejs/kit';
import type { Plugin } from 'vite';
import type { BuildSettings, ResolvedAdapterOptions } from '../contract/options.ts';
import { devHost } from '../host/dev-slot.ts';
import { CHUNKS } from './bundle.ts';
import { COMPILE_CACHE_SOURCE, fillCompileCache } from './compile-cache.ts';

/** The adapter, and the options it was made with, where the Vite plugin finds them. */
export interface UwsAdapter extends Adapter {
	readonly options: ResolvedAdapterOptions;
}

interface KitConfig {
	readonly paths: { readonly base: string; readonly origin?: string };
	readonly appDir: string;
}

/** The few members that differ between SvelteKit 2 and 3. */
interface EitherBuilder {
	readonly config: KitConfig & { readonly kit: KitConfig };
	generateServerInstance?: (file: string, options: { serverDirectory: string }) => void;
	generateManifest: (options: { relativePath: string }) => string;
	createInstrumentationInitializer?: (options: { outputDirectory: string; serverDirectory: string }) => string;
	instrument: (options: {
		entrypoint: string;
		instrumentation: string;
		initializer?: string;
		module: { exports: string[] };
	}) => void;
}

const MISSING_PLUGIN =
	"svelte-adapter-uws needs its Vite plugin. In vite.config: import uws from 'svelte-adapter-uws/vite', then plugins: [sveltekit(), uws()].";

/** The adapter of SvelteKit 2.70 and newer, and of 3, where it brings `plugins` along. */
export function createAdapter(options: ResolvedAdapterOptions, plugins: Plugin[]): UwsAdapter {
	return {
		name: 'adapter-uws',
		options,
		adapt: (builder) => adapt(builder, options),
		supports: { read: () => true, instrumentation: () => true },
		emulate: () => ({ platform: emulation(options) }),
		vite: { plugins: { post: plugins } }
	};
}

async function adapt(builder: Builder, options: ResolvedAdapterOptions): Promise<void> {
	const kit = builder as unknown as EitherBuilder;
	const { paths, appDir } = kit.generateServerInstance ? kit.config : kit.config.kit;
	const { out, websocket, envPrefix, healthCheckPath, readinessCheckPath, streamFilesAbove } = options;
	if (!existsSync(join(builder.getServerDirectory(), CHUNKS.server))) throw new Error(MISSING_PLUGIN);

	if (!relative(resolve(out), process.cwd()).startsWith('..')) {
		throw new Error(`out: got '${out}', which would empty the project. Give a folder of its own, for example 'build'.`);
	}

	builder.log.minor('Copying assets');
	rmSync(out, { recursive: true, force: true });
	const trees = [`${out}/client${paths.base}`, `${out}/prerendered${paths.base}`] as const;
	builder.writeClient(trees[0]);
	builder.writePrerendered(trees[1]);
	if (options.precompress) {
		builder.log.minor('Compressing assets');
		await Promise.all(trees.filter((tree) => existsSync(tree)).map((tree) => builder.compress(tree)));
	}

	builder.log.minor('Writing the server');
	builder.writeServer(`${out}/server`);
	writeApp(kit, out);
	const settings: BuildSettings = {
		envPrefix,
		healthCheckPath,
		readinessCheckPath,
		streamFilesAbove,
		websocket,
		appDir,
		base: paths.base,
		origin: paths.origin ?? ''
	};
	const hasHooks = websocket !== false && existsSync(`${out}/server/${CHUNKS.hooks}`);
	// Only now, because it needs the bundler, which a server that imports this module has not.
	const { COOKIE_WARNING, setsCookieOnUpgrade } = await import('./cookie-scan.ts');
	if (hasHooks && setsCookieOnUpgrade(join(out, 'server', CHUNKS.hooks))) builder.log.warn(COOKIE_WARNING);
	// Wherever the build is copied to: where nothing says so, Node compiles each file once more to see what it is.
	writeFileSync(`${out}/package.json`, '{ "type": "module" }\n');
	writeFileSync(`${out}/handler.js`, handlerSource(settings, hasHooks));
	writeFileSync(
		`${out}/index.js`,
		`${COMPILE_CACHE_SOURCE}const { start } = await import('./handler.js');\nexport const { ${EXPORTS.join(', ')} } = await start();\n`
	);
	if (builder.hasServerInstrumentationFile()) instrument(kit, out);
	fillCompileCache(out);
}

/** Writes `app.js`, which exports the app as `server`. */
function writeApp(kit: EitherBuilder, out: string): void {
	if (kit.generateServerInstance) return kit.generateServerInstance(`${out}/app.js`, { serverDirectory: `${out}/server` });
	const manifest = kit.generateManifest({ relativePath: './server' });
	writeFileSync(`${out}/app.js`, `import { Server } from './server/index.js';\nexport const server = new Server(${manifest});\n`);
}

/** What `index.js` exports. */
const EXPORTS: readonly string[] = ['host', 'port', 'path'];

function handlerSource(settings: BuildSettings, hasHooks: boolean): string {
	return `import { createServing } from './server/${CHUNKS.server}';

export const { start, handler, attach, drain, shutdown } = createServing({
	directory: import.meta.dirname,
	settings: ${JSON.stringify(settings)},
	app: () => import('./app.js'),
	hooks: ${hasHooks ? `() => import('./server/${CHUNKS.hooks}')` : 'undefined'}
});
`;
}

function instrument(kit: EitherBuilder, out: string): void {
	const serverDirectory = `${out}/server`;
	const initializer = kit.createInstrumentationInitializer?.({ outputDirectory: out, serverDirectory });
	kit.instrument({
		entrypoint: `${out}/index.js`,
		instrumentation: `${serverDirectory}/instrumentation.server.js`,
		...(initializer === undefined ? {} : { initializer }),
		module: { exports: [...EXPORTS] }
	});
}

/** `event.platform` of `vite dev` and `vite preview`; nothing while prerendering a build. Says once where the plugin is missing. */
function emulation(options: ResolvedAdapterOptions): NonNullable<Emulator['platform']> {
	let missing: App.Platform | undefined;
	return async ({ prerender }) => {
		const host = devHost();
		if (host) return (await host.platform()) as App.Platform;
		if (options.websocket === false || prerender !== false) return undefined as unknown as App.Platform;
		// eslint-disable-next-line no-console -- SvelteKit hands no logger to what it emulates
		if (!missing) console.warn(`[svelte-adapter-uws] There is no WebSocket endpoint. ${MISSING_PLUGIN}`);
		return (missing ??= missingPlatform() as App.Platform);
	};
}

function missingPlatform(): unknown {
	return new Proxy(Object.create(null) as object, {
		get(_target, name) {
			if (typeof name === 'symbol' || name === 'then') return undefined;
			throw new Error(`event.platform.${name} is not there, because no WebSocket server runs beside this one. ${MISSING_PLUGIN}`);
		}
	});
}
