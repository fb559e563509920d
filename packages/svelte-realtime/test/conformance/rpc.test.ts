import { overWebSocket } from 'conformance/wire/client';
import { reactiveSuite } from 'conformance/wire/reactive';
import { rpcSuite } from 'conformance/wire/rpc';
import { roomSuite } from 'conformance/wire/room';
import { uploadSuite } from 'conformance/wire/upload';
import { rpcVectorSuite } from 'conformance/wire/vectors';
import { startWireServer } from '../wire-server.ts';

for (const transport of ['node', 'uws'] as const) {
	const create = async () => {
		const server = await startWireServer({ transport });
		return { open: overWebSocket(server.wsUrl), origin: server.url, [Symbol.asyncDispose]: () => server.close() };
	};
	rpcSuite({ name: transport, create });
	reactiveSuite({ name: transport, create });
	uploadSuite({ name: transport, create });
	roomSuite({ name: transport, create });
	rpcVectorSuite({ name: transport, create });
}
