import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { httpSuite } from 'conformance/http';
import { SITE, type App } from 'conformance/http/fixture';
import { afterAll } from 'vitest';
import { createHttpHandler } from '../../src/http/handler.ts';
import { scan } from '../../src/http/static/scan.ts';
import { counterId } from '../support/core.ts';
import { memoryLog } from '../support/log.ts';
import { wireTransports } from '../support/transports.ts';

const root = await mkdtemp(join(tmpdir(), 'http-'));
afterAll(() => rm(root, { recursive: true }));
for (const tree of ['client', 'prerendered'] as const) {
	for (const [path, content] of Object.entries(SITE[tree])) {
		const file = join(root, tree, path);
		await mkdir(dirname(file), { recursive: true });
		await writeFile(file, content);
	}
}
const { base, appDir, memoryCap, bodyLimit, healthCheckPath } = SITE;
const table = await scan({ client: join(root, 'client'), prerendered: join(root, 'prerendered'), base, appDir, memoryCap });

const KNOWN_GAPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	uws: {
		'answers pipelined requests in order': 'the engine drops a connection that sends a request before the last one is answered',
		'takes chunk extensions and trailers': 'the engine takes neither: the first for malformed, the second for the next request',
		'answers HTTP/1.0': 'the engine speaks HTTP/1.1 alone'
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
			const http = createHttpHandler({
				...{
					table,
					log,
					bodyLimit,
					healthCheckPath,
					proxy: { forwardedDepth: 1 },
					healthy: () => true,
					platformFor: () => ({}),
					randomId: counterId()
				},
				server: { respond: async (request, client) => app(request, client) }
			});
			const listener = await transport.listen({ host: '127.0.0.1', port: 0, http });
			return {
				port: listener.port,
				serve: (given) => void (app = given),
				errors: () =>
					log.lines.filter(([level]) => level === 'error').map(([, message, details]) => `${message} ${String(details)}`),
				async [Symbol.asyncDispose]() {
					await listener[Symbol.asyncDispose]();
				}
			};
		}
	});
}
