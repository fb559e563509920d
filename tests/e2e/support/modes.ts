import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from 'conformance/free-port';
import { Running } from 'conformance/running';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js');

/** One way to serve an app, and the transport below its sockets. */
export interface Mode {
	readonly name: string;
	readonly command: (port: number) => readonly string[];
	readonly env: Readonly<Record<string, string>>;
}

const onPort = (command: string) => (port: number) => [
	vite,
	command,
	'--port',
	String(port),
	'--strictPort',
	'--host',
	'127.0.0.1'
];

export const MODES: readonly Mode[] = [
	{ name: 'build on uws', command: () => ['build'], env: { TRANSPORT: 'uws' } },
	{ name: 'build on node', command: () => ['build'], env: { TRANSPORT: 'node' } },
	{ name: 'dev on node', command: onPort('dev'), env: {} },
	{ name: 'preview on node', command: onPort('preview'), env: {} }
];

/** Behind a primary. One worker, because suites look into the app that they talk to, and there is one of it in each. */
export const CLUSTERED: readonly Mode[] = [
	{
		name: 'build on uws, in a worker',
		command: () => ['build'],
		env: { TRANSPORT: 'uws', CLUSTER_WORKERS: '1', WORKER_RELAY_HMAC_SECRET: 'a secret of the tests' }
	},
	{
		name: 'build on node, in a worker of an acceptor',
		command: () => ['build'],
		env: { TRANSPORT: 'node', CLUSTER_WORKERS: '1', CLUSTER_MODE: 'acceptor' }
	}
];

/** A served app that can be stopped and started again on its port, with its data kept. */
export class App implements AsyncDisposable {
	readonly url: string;
	readonly #mode: Mode;
	readonly #cwd: string;
	readonly #port: number;
	readonly #data = mkdtempSync(join(tmpdir(), 'e2e-data-'));
	#running: Running | undefined;

	constructor(mode: Mode, cwd: string, port: number) {
		this.#mode = mode;
		this.#cwd = cwd;
		this.#port = port;
		this.url = `http://127.0.0.1:${port}`;
	}

	/** The app in `folder`, relative to the repository, served and answering. */
	static async serve(mode: Mode, folder: string): Promise<App> {
		const app = new App(mode, join(root, folder), await freePort());
		await app.start();
		return app;
	}

	get output(): string {
		return this.#running?.output ?? '';
	}

	async start(): Promise<void> {
		const env = { ...this.#mode.env, HOST: '127.0.0.1', PORT: String(this.#port), DATA_DIR: this.#data };
		this.#running = new Running(this.#mode.command(this.#port), this.#cwd, env);
		await this.#running.answers(`${this.url}/`);
	}

	stop(signal?: NodeJS.Signals): Promise<number | null> {
		return this.#running?.stop(signal) ?? Promise.resolve(null);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop('SIGKILL');
		rmSync(this.#data, { recursive: true, force: true });
	}
}
