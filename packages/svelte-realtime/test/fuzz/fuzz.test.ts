import { fuzzSuite } from 'conformance/fuzz/fuzz';
import { startWireServer } from '../wire-server.ts';

for (const transport of ['node', 'uws'] as const) {
	fuzzSuite({
		name: transport,
		// More of them take as much longer: 100,000 some three minutes.
		conversations: Number(process.env.FUZZ_CONVERSATIONS ?? 5_000),
		async create() {
			const lines: string[] = [];
			const note = (message: string): void => void lines.push(message);
			const server = await startWireServer({ transport, log: { debug: note, info: note, warn: note, error: note } });
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
