/**
 * What one publish costs the server core, without an engine below it: nanoseconds an operation, the least of several rounds.
 * Run with `node bench/micro/core/publisher.bench.ts`.
 */
import type { Stores } from '../../../packages/svelte-adapter-uws/src/contract/stores.ts';
import type { SocketEvents, SocketHandler } from '../../../packages/svelte-adapter-uws/src/contract/transport.ts';
import { createServerCore } from '../../../packages/svelte-adapter-uws/src/core/server.ts';

const ROUNDS = 12;
const PAYLOAD = { id: 5, text: 'a note that somebody wrote', at: 1_790_000_000_000 };

type Turn = () => void;

async function start() {
	let soon: Turn[] = [];
	let handler: SocketHandler | undefined;
	let frames = 0;
	let ids = 0;
	const core = await createServerCore({
		listen: async (sockets) => (
			(handler = sockets),
			{ port: 0, publish: () => void frames++, stopAccepting() {}, async [Symbol.asyncDispose]() {} }
		),
		hooks: { message: () => {}, close: () => {} },
		clock: { now: () => 0, after: () => ({ [Symbol.dispose]() {} }), soon: (run) => void soon.push(run) },
		log: { debug() {}, info() {}, warn() {}, error() {} },
		telemetry: () => {},
		options: {
			origin: { allowed: '*', expectedOrigin: () => undefined },
			clientAddress: () => '127.0.0.1',
			maxPayloadLength: 16_384,
			authenticateOwnPagesOnly: true,
			upgradeTimeoutMs: 0,
			hookTimeoutMs: 0,
			upgradeRate: { limit: 0, windowMs: 1 },
			admission: { maxConcurrent: 0, perTickBudget: 0, maxConnections: 0 },
			allowSystemTopicSubscribe: false,
			allowNonAsciiTopics: false
		},
		pressure: {
			options: {
				memoryHeapUsedRatio: 0.85,
				publishRatePerSec: 10_000,
				subscriberRatio: 50,
				sampleIntervalMs: 1_000,
				topicPublishRatePerSec: 5_000,
				topicPublishBytesPerSec: 10_485_760
			},
			memory: () => ({ heapUsed: 0, heapLimit: 1, resident: 0 })
		},
		randomId: () => `id${++ids}`,
		// Nothing that is measured asks them.
		stores: {} as Stores
	});
	const turn = (): void => {
		const due = soon;
		soon = [];
		for (const run of due) run();
	};
	const connect = async (caps: readonly string[], ...topics: readonly string[]) => {
		const socket = {
			remoteAddress: '127.0.0.1',
			bufferedAmount: 0,
			congested: false,
			send: () => (frames++, 'sent' as const),
			subscribe() {},
			unsubscribe() {},
			cork: (write: () => void) => write(),
			close() {},
			terminate() {}
		};
		const decision = await handler!.upgrade({
			url: '/ws',
			header: () => '',
			headers: {},
			remoteAddress: '127.0.0.1',
			signal: new AbortController().signal
		});
		if (!decision.accept) throw new Error('refused');
		const events = handler!.open(socket, decision.data);
		events.message(JSON.stringify({ type: 'hello', caps }));
		for (const topic of topics) events.message(JSON.stringify({ type: 'subscribe', topic }));
		return events;
	};
	return { platform: core.platform, turn, connect, frames: () => frames };
}

function measure(name: string, operations: number, run: () => void): void {
	let best = Infinity;
	for (let round = 0; round < ROUNDS; round++) {
		const begin = process.hrtime.bigint();
		run();
		best = Math.min(best, Number(process.hrtime.bigint() - begin) / operations);
	}
	console.log(`${name.padEnd(64)} ${best.toFixed(0).padStart(7)} ns`);
}

const COUNT = 20_000;
const times = (count: number, run: (i: number) => void): void => {
	for (let i = 0; i < count; i++) run(i);
};

measure('floor: JSON.stringify of the payload', COUNT, () => times(COUNT, () => JSON.stringify(PAYLOAD)));
{
	const { platform, turn, connect } = await start();
	await connect([], 'single');
	await connect(['batch', 'epoch'], 'batch');
	for (const topic of ['mixed', 'a', 'b']) await connect(['batch', 'epoch'], topic);
	await connect([], 'mixed', 'a');
	measure('publish, nobody listens', COUNT, () => times(COUNT, () => platform.publish('nobody', 'updated', PAYLOAD)));
	measure('publish, nobody listens, a topic of its own each', COUNT, () =>
		times(COUNT, (i) => platform.publish(`user:${i}`, 'updated', PAYLOAD, { seq: false }))
	);
	for (const topic of ['single', 'batch', 'mixed']) {
		for (const perTurn of [1, 20, 100]) {
			measure(`publish, ${topic} audience, ${perTurn} a turn`, COUNT, () =>
				times(COUNT / perTurn, () => {
					times(perTurn, () => platform.publish(topic, 'updated', PAYLOAD));
					turn();
				})
			);
		}
	}
	const messages = Array.from({ length: 20 }, (_, i) => ({ topic: i % 2 ? 'a' : 'b', event: 'updated', data: PAYLOAD }));
	measure('publishBatched, two topics, 20 a turn', COUNT, () =>
		times(COUNT / 20, () => {
			platform.publishBatched(messages);
			turn();
		})
	);
}
{
	// What must cost the same as above: the others hold other topics.
	const { platform, turn, connect } = await start();
	for (let i = 0; i < 10_000; i++) await connect(['batch', 'epoch'], `other:${i}`);
	await connect(['batch', 'epoch'], 'a', 'b', 'mixed');
	await connect([], 'a', 'mixed');
	measure('publish, mixed audience, 20 a turn, 10,000 connections elsewhere', COUNT, () =>
		times(COUNT / 20, () => {
			times(20, () => platform.publish('mixed', 'updated', PAYLOAD));
			turn();
		})
	);
	const messages = Array.from({ length: 20 }, (_, i) => ({ topic: i % 2 ? 'a' : 'b', event: 'updated', data: PAYLOAD }));
	measure('publishBatched, two topics, 20 a turn, 10,000 elsewhere', COUNT, () =>
		times(COUNT / 20, () => {
			platform.publishBatched(messages);
			turn();
		})
	);
}
{
	const { platform, turn, connect } = await start();
	platform.whenSlow('close', 'close');
	platform.whenSlow('coalesce', 'coalesce');
	const clients: SocketEvents[] = [];
	for (let i = 0; i < 1_000; i++) clients.push(await connect(['batch', 'epoch'], 'close', 'coalesce'));
	for (const topic of ['close', 'coalesce']) {
		measure(`each frame to one of 1,000 members, policy ${topic}`, COUNT, () =>
			times(COUNT / 1_000, () => {
				platform.publish(topic, 'updated', PAYLOAD);
				turn();
			})
		);
	}
	measure('sendCoalesced, with room', COUNT, () =>
		times(COUNT, (i) =>
			platform.sendCoalesced(clients[i % 1_000] as never, { key: 'k', topic: 't', event: 'set', data: PAYLOAD })
		)
	);
}
{
	const { platform, connect, turn } = await start();
	const client = await connect(['batch']);
	const text = JSON.stringify({ rpc: 'todos/add', id: 'k1', args: [PAYLOAD] });
	measure('frame in -> message hook', COUNT, () => times(COUNT, () => client.message(text)));
	measure('frame in -> pong out', COUNT, () => times(COUNT, () => client.message('{"type":"ping"}')));
	measure('send', COUNT, () => times(COUNT, () => platform.send(client as never, '__rpc', 'k1', PAYLOAD)));
	measure('raw send', COUNT, () => times(COUNT, () => (client as unknown as { send(text: string): void }).send(text)));
	measure('subscribe and unsubscribe over the wire', COUNT, () =>
		times(COUNT, () => {
			client.message('{"type":"subscribe","topic":"orders","ref":1}');
			client.message('{"type":"unsubscribe","topic":"orders"}');
		})
	);
	turn();
}
