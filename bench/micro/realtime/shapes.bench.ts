/**
 * What a publish to a stream with ten subscribers costs where clients see something else than was published, to the end of the turn:
 * nanoseconds a publish, the least of several rounds, and how many times the stream as it is.
 * Run with `node bench/micro/realtime/shapes.bench.ts`.
 */
import { createTestServer } from '../../../packages/svelte-adapter-uws/src/testing.ts';
import type { Definition } from '../../../packages/svelte-realtime/src/define/definition.ts';
import { live } from '../../../packages/svelte-realtime/src/define/live.ts';
import { pipe } from '../../../packages/svelte-realtime/src/define/pipe.ts';
import { standard } from '../../../packages/svelte-realtime/src/features/standard.ts';
import { Runtime } from '../../../packages/svelte-realtime/src/runtime/runtime.ts';

const ROUNDS = 10;
const OPERATIONS = 20_000;
const PER_TURN = 100;
const SUBSCRIBERS = 10;
const ORDER = { id: 5, shop: 'north', total: 12, card: '4111' };
type Order = typeof ORDER;

const shown = ({ id, shop, total }: Order): object => ({ id, shop, total });
const plain = live.stream('orders', () => [ORDER]);

const cases: readonly (readonly [name: string, stream: Definition])[] = [
	['as it is', plain],
	['transform', live.stream('orders', () => [ORDER], { transform: shown })],
	['coalesceBy', live.stream('orders', () => [ORDER], { coalesceBy: ({ id }: Order) => id })],
	[
		'a filter',
		pipe(
			plain,
			pipe.filter((_, { shop }: Order) => shop === 'north')
		)
	],
	[
		'a filter that takes the item away',
		pipe(
			plain,
			pipe.filter((_, { shop }: Order) => shop === 'south')
		)
	],
	[
		'a filter, sort and limit',
		pipe(
			plain,
			pipe.filter((_, { shop }: Order) => shop === 'north'),
			pipe.sort('total'),
			pipe.limit(50)
		)
	]
];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A stream with its subscribers; gives what publishes to it for one round, and how to end it. */
async function start(name: string, stream: Definition): Promise<{ round: () => Promise<number>; end: () => Promise<void> }> {
	let runtime: Runtime | undefined;
	const server = await createTestServer({
		transport: 'memory',
		handler: {
			init({ platform }) {
				runtime = new Runtime({ platform, features: standard });
				runtime.install('m/s', stream);
			},
			message: (ws, context) => void runtime!.receive(ws, context, context.text)
		}
	});
	let frames = 0;
	for (let i = 0; i < SUBSCRIBERS; i++) {
		const peer = await server.connect();
		const reply = Promise.withResolvers<string>();
		peer.onmessage = (frame) => {
			if (String(frame).startsWith('{"topic":"__rpc"')) reply.resolve(String(frame));
		};
		peer.send(JSON.stringify({ type: 'hello', caps: ['batch', 'epoch'] }));
		peer.send(JSON.stringify({ rpc: 'm/s', id: '1', args: [], stream: true }));
		const { data } = JSON.parse(await reply.promise) as { data: { ok: boolean } };
		if (!data.ok) throw new Error(`${name}: ${await reply.promise}`);
		peer.onmessage = () => void frames++;
	}
	return {
		async round() {
			frames = 0;
			const began = performance.now();
			for (let done = 0; done < OPERATIONS; done += PER_TURN) {
				for (let i = 0; i < PER_TURN; i++) server.platform.publish('orders', 'updated', ORDER);
				await turn();
			}
			const ns = ((performance.now() - began) * 1e6) / OPERATIONS;
			if (frames === 0) throw new Error(`${name}: nothing reached the subscribers.`);
			return ns;
		},
		async end() {
			runtime![Symbol.dispose]();
			await server.close();
		}
	};
}

const streams = await Promise.all(
	cases.map(async ([name, stream]) => ({ name, least: Infinity, ...(await start(name, stream)) }))
);
// In turns, so that a busy moment of the machine hits all of them.
for (let round = 0; round < ROUNDS; round++)
	for (const stream of streams) stream.least = Math.min(stream.least, await stream.round());
for (const { name, least, end } of streams) {
	console.log(
		`${name.padEnd(36)} ${least.toFixed(0).padStart(7)} ns ${(least / streams[0]!.least).toFixed(1).padStart(6)} times`
	);
	await end();
}
