import fc from 'fast-check';
import { expect, it } from 'vitest';
import { startCore, type FakeClient } from '../support/core.ts';
import type { Connection } from '../../src/contract/connection.ts';
import { memoryBus } from '../../src/host/memory-bus.ts';
import type { BatchedMessage } from '../../src/contract/platform.ts';

const CLIENTS = 4;
const topic = fc.constantFrom('a', 'b', 'c', 'd');
const message: fc.Arbitrary<BatchedMessage> = fc
	.record({ topic, key: fc.constantFrom(undefined, undefined, 'k', 'l'), seq: fc.boolean() })
	.map(({ topic, key, seq }) => ({
		topic,
		event: 'e',
		options: { seq },
		...(key !== undefined && { coalesceKey: key })
	}));
type Step =
	| { readonly batch: readonly BatchedMessage[] }
	| { readonly publish: string }
	| { readonly client: number; readonly topic: string; readonly how: 'raw' | 'tracked' | 'unsubscribe' };
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 3, arbitrary: fc.record({ batch: fc.array(message, { maxLength: 8 }) }) },
	{ weight: 1, arbitrary: fc.record({ publish: topic }) },
	{
		weight: 3,
		arbitrary: fc.record({
			client: fc.nat(CLIENTS - 1),
			topic,
			how: fc.constantFrom('raw' as const, 'tracked' as const, 'unsubscribe' as const)
		})
	}
);
const capabilities = fc.array(fc.subarray(['batch', 'epoch']), { minLength: CLIENTS, maxLength: CLIENTS });

interface Event {
	readonly topic: string;
	readonly data: number;
	readonly seq?: number;
}
interface Holder {
	readonly client: FakeClient;
	readonly ws: Connection;
	readonly held: Set<string>;
	readonly expected: Event[];
	readonly own: readonly string[];
}
const plain = ({ topic, data, seq }: Event): Event => (seq === undefined ? { topic, data } : { topic, data, seq });

/** Of several with one key the last, said once more in another way than the code says it. */
const surviving = (batch: readonly BatchedMessage[]): boolean[] =>
	batch.map(
		({ coalesceKey }, i) => !batch.slice(i + 1).some((later) => coalesceKey !== undefined && later.coalesceKey === coalesceKey)
	);

/** A node with clients, to which everything comes from another one. */
async function behindBus() {
	const bus = memoryBus();
	const { platform } = await startCore({}, { bus: bus.join() });
	return { ...(await startCore({}, { bus: bus.join() })), platform };
}

// For all audiences, joined by a frame or by the app itself, and all batches: each client gets exactly the events of its topics,
// numbered as single publishes are, and in a form that it can read.
it.each([
	['the node that publishes', async () => startCore()],
	['another node', behindBus]
])(
	'gives each client of %s exactly its events of a batch, in their order, as one frame where it takes that',
	async (_, start) => {
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 25 }), capabilities, async (steps, caps) => {
				const { platform, join, clock } = await start();
				const clients: Holder[] = [];
				for (const own of caps) {
					const client = await join();
					client.say({ type: 'hello', caps: own });
					clients.push({
						client,
						ws: client.events as unknown as Connection,
						held: new Set(),
						expected: [],
						own
					});
				}
				const last = new Map<string, number>();
				let count = 0;
				const expectEvent = (topic: string, seq: boolean): number => {
					const data = ++count;
					const next = (last.get(topic) ?? 0) + 1;
					if (seq) last.set(topic, next);
					for (const { held, expected } of clients)
						if (held.has(topic)) expected.push(plain(seq ? { topic, data, seq: next } : { topic, data }));
					return data;
				};
				for (const step of steps) {
					if ('publish' in step) platform.publish(step.publish, 'e', expectEvent(step.publish, true));
					else if ('batch' in step) {
						const stays = surviving(step.batch);
						platform.publishBatched(
							step.batch.map((one, i) => ({ ...one, data: stays[i] ? expectEvent(one.topic, one.options!.seq!) : 'gone' }))
						);
						clock.turn();
					} else {
						const { client, ws, held } = clients[step.client]!;
						if (step.how === 'raw') ws.subscribe(step.topic);
						else client.say({ type: step.how === 'tracked' ? 'subscribe' : 'unsubscribe', topic: step.topic });
						if (step.how === 'unsubscribe') held.delete(step.topic);
						else held.add(step.topic);
					}
				}
				for (const { client, expected, own } of clients) {
					const frames = client.heard();
					const batches = frames.filter(({ type }) => type === 'batch');
					expect(frames.flatMap((frame): Event[] => frame.events ?? [frame]).map(plain)).toEqual(expected);
					if (!own.includes('batch')) expect(batches).toEqual([]);
					for (const { events } of batches) expect(events.length).toBeGreaterThan(1);
				}
			}),
			{ numRuns: 400 }
		);
	}
);

it.each([
	['the node that publishes', async () => startCore()],
	['another node', behindBus]
])('brings clients of %s a batch that is alone in its turn as one frame, over topics joined in any way', async (_, start) => {
	const { platform, join } = await start();
	const client = await join();
	client.say({ type: 'hello', caps: ['batch'] });
	client.say({ type: 'subscribe', topic: 'a' });
	(client.events as unknown as Connection).subscribe('b');
	const other = await join();
	other.say({ type: 'subscribe', topic: 'b' });
	platform.publishBatched(['a', 'b', 'c', 'a'].map((topic, data) => ({ topic, event: 'e', data })));
	const frames = client.heard();
	expect(frames).toHaveLength(1);
	expect(frames[0].events.map(plain)).toEqual([
		{ topic: 'a', data: 0, seq: 1 },
		{ topic: 'b', data: 1, seq: 1 },
		{ topic: 'a', data: 3, seq: 2 }
	]);
	expect(other.heard()).toEqual([{ topic: 'b', event: 'e', data: 1, seq: 1 }]);
});

it('does nothing for an empty batch, and for what is none', async () => {
	const { platform, join } = await startCore();
	const client = await join();
	client.say({ type: 'subscribe', topic: 'a' });
	platform.publishBatched([]);
	platform.publishBatched(undefined as never);
	platform.publishBatched({ length: 1 } as never);
	expect(client.heard()).toEqual([]);
});
