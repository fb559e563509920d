import { fuzzSuite } from 'conformance/fuzz/fuzz';
import { wireHooks } from 'conformance/wire/hooks';
import * as wire from 'conformance/wire/live';
import { createTestServer } from 'svelte-adapter-uws/testing';
import { standard } from '../../src/features/standard.ts';
import { Runtime } from '../../src/runtime/runtime.ts';

for (const transport of ['node', 'uws'] as const) {
	fuzzSuite({
		name: transport,
		// More of them take as much longer: 100,000 some three minutes.
		conversations: Number(process.env.FUZZ_CONVERSATIONS ?? 5_000),
		async create() {
			const app = wireHooks();
			const lines: string[] = [];
			const note = (message: string): void => void lines.push(message);
			let runtime: Runtime | undefined;
			const server = await createTestServer({
				transport,
				log: { debug: note, info: note, warn: note, error: note },
				handler: {
					...app,
					init({ platform }) {
						runtime = new Runtime({
							platform,
							features: standard,
							manifest: [{ path: 'wire', load: () => Promise.resolve({ ...wire }) }],
							onError() {}
						});
						return runtime.ready();
					},
					message: (ws, context) =>
						(context.isBinary ? runtime?.receiveBinary(ws, context, context.data) : runtime?.receive(ws, context, context.text))
							? undefined
							: app.message(ws, context),
					unsubscribe: (ws, topic) => runtime?.left(ws, topic),
					shutdown: () => runtime?.[Symbol.dispose]()
				}
			});
			return {
				port: server.port,
				url: server.wsUrl,
				origin: server.url,
				lines,
				connections: () => server.platform.connections,
				publish: (topic, event, data) => void server.platform.publish(topic, event, data),
				[Symbol.asyncDispose]: () => server.close()
			};
		}
	});
}
