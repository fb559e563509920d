import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SITE, type App, type HttpFixture } from 'conformance/http/fixture';
import type { HttpHandler } from '../../src/contract/http.ts';
import type { ListenOptions, Listener } from '../../src/contract/transport.ts';
import { createHttpHandler } from '../../src/http/handler.ts';
import { scan } from '../../src/http/static/scan.ts';
import type { StaticTable } from '../../src/http/static/table.ts';
import { counterId } from './core.ts';
import { memoryLog } from './log.ts';

async function write(directory: string, files: Readonly<Record<string, string | Uint8Array | number>>): Promise<void> {
	for (const [path, content] of Object.entries(files)) {
		const file = join(directory, path);
		await mkdir(dirname(file), { recursive: true });
		await writeFile(file, typeof content === 'number' ? '' : content);
		if (typeof content === 'number') await truncate(file, content);
	}
}

const { base, appDir, memoryCap, bodyLimit } = SITE;
const checks = new Map([[SITE.healthCheckPath, () => true]]);
const readSite = (directory: string): Promise<StaticTable> =>
	Promise.resolve(
		scan({ client: join(directory, 'client'), prerendered: join(directory, 'prerendered'), base, appDir, memoryCap })
	);

/** What serves `SITE` for the suites of HTTP, from a folder of its own that goes with its disposal. */
export class HttpSite implements AsyncDisposable {
	readonly #root: string;
	readonly #table: StaticTable;

	private constructor(root: string, table: StaticTable) {
		this.#root = root;
		this.#table = table;
	}

	static async write(): Promise<HttpSite> {
		const root = await mkdtemp(join(tmpdir(), 'http-'));
		for (const tree of ['client', 'prerendered'] as const) await write(join(root, tree), SITE[tree]);
		return new HttpSite(root, await readSite(root));
	}

	/** Makes the fixture of one test on a transport. */
	async serve(listen: (options: ListenOptions) => Promise<Listener>): Promise<HttpFixture & AsyncDisposable> {
		const root = this.#root;
		const log = memoryLog();
		let app: App = () => new Response('app');
		const serving = (table: StaticTable): HttpHandler =>
			createHttpHandler({
				table,
				log,
				bodyLimit,
				checks,
				proxy: { forwardedDepth: 1 },
				healthy: () => true,
				platformFor: (requestId) => ({ requestId }),
				randomId: counterId(),
				server: { respond: async (request, client) => app(request, client) }
			});
		let http = serving(this.#table);
		const listener = await listen({
			host: '127.0.0.1',
			port: 0,
			http: {
				bodyLimit,
				plan: (head) => http.plan(head),
				respond: (head, body, client) => http.respond(head, body, client),
				settled: (error) => http.settled(error)
			}
		});
		return {
			port: listener.port,
			serve: (given) => void (app = given),
			async publish(files) {
				const directory = await mkdtemp(join(root, 'site-'));
				await write(join(directory, 'client'), files);
				http = serving(await readSite(directory));
				return join(directory, 'client');
			},
			errors: () =>
				log.lines.filter(([level]) => level === 'error').map(([, message, details]) => `${message} ${String(details)}`),
			[Symbol.asyncDispose]: () => Promise.resolve(listener[Symbol.asyncDispose]())
		};
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await rm(this.#root, { recursive: true });
	}
}
