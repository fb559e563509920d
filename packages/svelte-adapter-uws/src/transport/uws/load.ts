/** The engine as its package exports it. */
export type Engine = typeof import('uWebSockets.js');

/** What the engine offers beyond what its types say. */
interface Settings {
	readonly _cfg?: (setting: string) => void;
}

const INSTALL = 'Install the engine from its GitHub tag: npm install uNetworking/uWebSockets.js#v20.69.0';

/** Loads the native engine. Rejects with why it does not load, and what to do about it. */
export async function loadEngine(load: () => Promise<unknown> = () => import('uWebSockets.js')): Promise<Engine> {
	// The engine refuses request heads over 4 KB unless it is told otherwise before it loads; Node's limit is 16 KB.
	process.env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= '16384';
	try {
		const module = (await load()) as Engine & { readonly default?: Engine };
		const engine = module.default ?? module;
		// Without this, every response says which engine made it.
		(engine as Settings)._cfg?.('silent');
		return engine;
	} catch (error) {
		throw new Error(explain(error), { cause: error });
	}
}

/** Why the engine did not load, and what to do about it, in one line. */
function explain(error: unknown): string {
	const message = error instanceof Error ? error.message : String(error);
	if (/^Cannot find (?:package|module) '?uWebSockets\.js/.test(message)) return `uWebSockets.js is not installed. ${INSTALL}`;
	const library = /(GLIBC(?:XX)?_[\d.]+)' not found/.exec(message)?.[1];
	if (library)
		return `uWebSockets.js does not load: this system does not have ${library}. Use one with glibc 2.38 or newer, such as Debian 13 or Ubuntu 24.04`;
	if (/musl|shared library ld-linux|symbol not found/.test(message))
		return 'uWebSockets.js does not load: it is not built for musl. Use a system with glibc 2.38 or newer, such as Debian 13 or Ubuntu 24.04, instead of Alpine';
	if (/NODE_MODULE_VERSION|Cannot find module '\.\/uws_/.test(message)) {
		return `uWebSockets.js does not load: it is not built for Node ${process.versions.node} on ${process.platform} ${process.arch}. ${INSTALL}, or use a Node version that it supports`;
	}
	// The engine puts what really happened at the end of a longer text.
	const reason = message.split('\n').findLast((line) => line.trim() !== '') ?? 'no reason given';
	return `uWebSockets.js does not load: ${reason.trim().replace(/(?<![.?!])$/, '.')} ${INSTALL}`;
}
