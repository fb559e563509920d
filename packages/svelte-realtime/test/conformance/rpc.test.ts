import { overWebSocket } from 'conformance/wire/client';
import { wireHooks } from 'conformance/wire/hooks';
import * as wire from 'conformance/wire/live';
import { reactiveSuite } from 'conformance/wire/reactive';
import { rpcSuite } from 'conformance/wire/rpc';
import { roomSuite } from 'conformance/wire/room';
import { uploadSuite } from 'conformance/wire/upload';
import { createTestServer } from 'svelte-adapter-uws/testing';
import { standard } from '../../src/features/standard.ts';
import { Runtime } from '../../src/runtime/runtime.ts';

for (const transport of ['node', 'uws'] as const) {
	const create = async () => {
		const app = wireHooks();
		let runtime: Runtime | undefined;
		const server = await createTestServer({
			transport,
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
		return { open: overWebSocket(server.wsUrl), origin: server.url, [Symbol.asyncDispose]: () => server.close() };
	};
	rpcSuite({ name: transport, create });
	reactiveSuite({ name: transport, create });
	uploadSuite({ name: transport, create });
	roomSuite({ name: transport, create });
}
