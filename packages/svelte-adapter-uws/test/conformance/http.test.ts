import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { httpSuite } from 'conformance/http';
import { SITE, type App } from 'conformance/http/fixture';
import { afterAll } from 'vitest';
import type { HttpHandler } from '../../src/contract/http.ts';
import { createHttpHandler } from '../../src/http/handler.ts';
import { scan } from '../../src/http/static/scan.ts';
import type { StaticTable } from '../../src/http/static/table.ts';
import { counterId } from '../support/core.ts';
import { memoryLog } from '../support/log.ts';
import { wireTransports } from '../support/transports.ts';

const root = await mkdtemp(join(tmpdir(), 'http-'));
afterAll(() => rm(root, { recursive: true }));

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
async function readSite(directory: string): Promise<StaticTable> {
	return scan({ client: join(directory, 'client'), prerendered: join(directory, 'prerendered'), base, appDir, memoryCap });
}
for (const tree of ['client', 'prerendered'] as const) await write(join(root, tree), SITE[tree]);
const siteTable = await readSite(root);

const KNOWN_GAPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	uws: {
		'answers pipelined requests in order': 'the engine drops a connection that sends a request before the last one is answered',
		'takes chunk extensions and trailers': 'the engine takes neither: the first for malformed, the second for the next request',
		'answers HTTP/1.0': 'the engine speaks HTTP/1.1 alone',
		'asks nobody about a header without a name':
			'the engine takes it for the end of the headers, and shows none of those behind it'
	}
};

for (const transport of await wireTransports()) {
	if (transport.name === 'memory') continue;
	httpSuite({
		name: transport.name,
		knownGaps: KNOWN_GAPS[transport.name] ?? {},
		create: async () => {
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
			let http = serving(siteTable);
			const listener = await transport.listen({
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
				async [Symbol.asyncDispose]() {
					await listener[Symbol.asyncDispose]();
				}
			};
		}
	});
}
