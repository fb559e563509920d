import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memoryBus } from '../../src/host/memory-bus.ts';
import { startCore } from '../support/core.ts';

interface Publish {
	readonly node: number;
	readonly topics: readonly string[];
	readonly together: boolean;
	readonly relay: boolean;
	readonly endOfTurn: boolean;
}
const publishes: fc.Arbitrary<readonly Publish[]> = fc.array(
	fc.record({
		node: fc.nat(2),
		topics: fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 }),
		together: fc.boolean(),
		relay: fc.boolean(),
		endOfTurn: fc.boolean()
	}),
	{ maxLength: 30 }
);

// Law 1, for all publishes on all nodes.
it('brings each envelope to each subscriber on each node once, in the order of its node, and taps it once everywhere', async () => {
	await fc.assert(
		fc.asyncProperty(publishes, fc.array(fc.subarray(['a', 'b']), { minLength: 3, maxLength: 3 }), async (script, held) => {
			const bus = memoryBus();
			const nodes = await Promise.all([0, 1, 2].map(() => startCore({}, { bus: bus.join() })));
			const clients = await Promise.all(nodes.map((node) => node.join()));
			const tapped: string[][] = nodes.map(() => []);
			nodes.forEach((node, i) => node.platform.tap(({ data }, origin) => tapped[i]!.push(`${data as number} ${origin}`)));
			clients.forEach((client, i) => {
				client.say({ type: 'hello', caps: i === 0 ? ['batch'] : [] });
				client.say({ type: 'subscribe-batch', topics: held[i]! });
			});
			const expected: number[][] = nodes.map(() => []);
			const expectedTaps: string[][] = nodes.map(() => []);
			let next = 0;
			for (const { node, topics, together, relay, endOfTurn } of script) {
				const messages = topics.map((topic) => ({ topic, event: 'e', data: ++next, options: { relay } }));
				for (const { topic, data } of messages) {
					nodes.forEach((_, i) => {
						if (i !== node && !relay) return;
						if (held[i]!.includes(topic)) expected[i]!.push(data);
						expectedTaps[i]!.push(`${data} ${i === node ? 'local' : 'remote'}`);
					});
				}
				if (together) nodes[node]!.platform.publishBatched(messages);
				else nodes[node]!.platform.batch(messages);
				if (endOfTurn) for (const { clock } of nodes) clock.turn();
			}
			const heard = clients.map((client) =>
				client.heard().flatMap((frame): number[] => frame.events?.map((one: { data: number }) => one.data) ?? [frame.data])
			);
			expect(heard).toEqual(expected);
			expect(tapped).toEqual(expectedTaps);
			for (const { core } of nodes) await core[Symbol.asyncDispose]();
		}),
		{ numRuns: 100 }
	);
});
