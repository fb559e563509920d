import { wireHooks } from 'conformance/wire/hooks';
import * as wire from 'conformance/wire/live';
import { createTestServer, type TestServer, type TestServerOptions } from 'svelte-adapter-uws/testing';
import { standard } from '../src/features/standard.ts';
import { Runtime } from '../src/runtime/runtime.ts';

/** Starts the server that the wire suites talk to: `wireHooks()`, and the live module `wire`. */
export function startWireServer(options: Pick<TestServerOptions, 'transport' | 'log'>): Promise<TestServer> {
	const app = wireHooks();
	let runtime: Runtime | undefined;
	return createTestServer({
		...options,
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
			message(ws, context) {
				const isTaken = context.isBinary
					? runtime?.receiveBinary(ws, context, context.data)
					: runtime?.receive(ws, context, context.text);
				return isTaken ? undefined : app.message(ws, context);
			},
			unsubscribe: (ws, topic) => runtime?.left(ws, topic),
			shutdown: () => runtime?.[Symbol.dispose]()
		}
	});
}
