import { expect, it, vi } from 'vitest';
import type { Bus } from '../contract/bus.ts';
import { memoryBus } from '../host/memory-bus.ts';
import { createTestServer } from '../host/testing.ts';
import { settle, startCore } from '../../test/support/core.ts';
import { raise } from '../../test/support/failures.ts';
import { memoryLog } from '../../test/support/log.ts';
import { LIMITS } from './limits.ts';

it('numbers what is kept by the store, on every node alike, and lets it be read again', async () => {
	const bus = memoryBus();
	await using a = await createTestServer({ transport: 'memory', bus: bus.join() });
	await using b = await createTestServer({ transport: 'memory', bus: bus.join(), stores: a.platform.stores });
	const seen: [topic: string, data: unknown, seq: number | undefined][][] = [[], []];
	[a, b].forEach(({ platform }, i) => {
		platform.keep((topic) => topic === 't');
		platform.tap(({ topic, data, position }) => seen[i]!.push([topic, data, position?.seq]));
	});
	const from = await a.platform.stores.replay.current('t');
	expect(a.platform.publish('t', 'e', 1)).toBe(true);
	a.platform.publish('other', 'e', 'at once');
	b.platform.publishBatched([
		{ topic: 't', event: 'e', data: 2 },
		{ topic: 't', event: 'e', data: 3 }
	]);
	a.platform.publish('t', 'e', 'volatile', { seq: false });
	await vi.waitFor(() => expect(seen[0]).toHaveLength(5));
	expect(seen[1]).toHaveLength(5);
	for (const list of seen) {
		const kept = list.filter(([topic, , seq]) => topic === 't' && seq !== undefined);
		expect(kept).toEqual([
			['t', 1, 1],
			['t', 2, 2],
			['t', 3, 3]
		]);
	}
	const stored = await b.platform.stores.replay.since('t', from);
	expect(stored?.map(({ data, position }) => [data, position.seq])).toEqual([
		[1, 1],
		[2, 2],
		[3, 3]
	]);
});

it('sends in the order of the calls however long the store takes, and without it when it fails', async () => {
	const log = memoryLog();
	await using server = await createTestServer({ transport: 'memory', log });
	const { platform } = server;
	const answers: (() => void)[] = [];
	const append = platform.stores.replay.append.bind(platform.stores.replay);
	vi.spyOn(platform.stores.replay, 'append').mockImplementation(async (topic, event, data) => {
		await new Promise<void>((resolve) => answers.push(resolve));
		if (data === 'lost') throw new Error('store');
		return append(topic, event, data);
	});
	const seen: unknown[] = [];
	platform.tap(({ data, position }) => seen.push([data, position?.epoch === platform.epoch]));
	const keeping = platform.keep(() => true);
	for (const data of [1, 'lost', 2]) platform.publish('t', 'e', data);
	expect(() => platform.publish('t', 'e', 1n)).toThrow(TypeError);
	keeping[Symbol.dispose]();
	for (let i = 0; i < 3; i++) {
		await vi.waitFor(() => expect(answers).toHaveLength(i + 1));
		answers[i]!();
	}
	await vi.waitFor(() => expect(seen).toHaveLength(3));
	expect(seen).toEqual([
		[1, false],
		['lost', true],
		[2, false]
	]);
	platform.publish('t', 'e', 'plain');
	expect(seen.at(-1)).toEqual(['plain', true]);
});

/** Joins servers by a bus whose messages a test lets through one by one, or loses. */
function heldBus() {
	const bus = memoryBus();
	const held: (() => void)[] = [];
	const join = (): Bus => {
		const inner = bus.join();
		return { start: (...hears) => inner.start(...hears), relay: (message) => void held.push(() => inner.relay(message)) };
	};
	return { join, held };
}

it('lets clients of every node hear what is kept in its order, though the bus swaps and loses it', async () => {
	const bus = heldBus();
	await using a = await createTestServer({ transport: 'memory', bus: bus.join() });
	await using b = await createTestServer({ transport: 'memory', bus: bus.join(), stores: a.platform.stores });
	const heard: unknown[][] = [];
	for (const server of [a, b]) {
		server.platform.keep((topic) => topic === 't');
		const frames: unknown[] = [];
		heard.push(frames);
		const peer = await server.connect();
		peer.onmessage = (frame) => {
			const { topic, type, data, seq } = JSON.parse(String(frame));
			if (topic === 't' || type === 'subscribed') frames.push(type ?? [data, seq]);
		};
		peer.send(JSON.stringify({ type: 'subscribe', topic: 't', ref: 1 }));
		await vi.waitFor(() => expect(frames).toEqual(['subscribed']));
	}
	for (const data of [1, 2]) a.platform.publish('t', 'e', data);
	await vi.waitFor(() => expect(bus.held).toHaveLength(2));
	b.platform.publish('t', 'e', 3);
	await vi.waitFor(() => expect(bus.held).toHaveLength(3));
	// The first one is lost.
	for (const arrives of [bus.held[2]!, bus.held[1]!]) arrives();
	const all = ['subscribed', [1, 1], [2, 2], [3, 3]];
	await vi.waitFor(() => expect(heard).toEqual([all, all]));
});

it('keeps no more waiting than its bound for a store that hangs, and sends the rest without it', async () => {
	await using server = await createTestServer({ transport: 'memory', log: memoryLog() });
	const { platform } = server;
	const store = Promise.withResolvers<void>();
	const append = platform.stores.replay.append.bind(platform.stores.replay);
	vi.spyOn(platform.stores.replay, 'append').mockImplementation(async (...event) => store.promise.then(() => append(...event)));
	const seen: unknown[] = [];
	platform.tap(({ data }) => seen.push(data));
	platform.keep(() => true);
	for (let n = 0; n < LIMITS.unrecorded; n++) platform.publish(`t${n % 10}`, 'e', 'waits');
	platform.publish('t', 'e', 'goes');
	expect(seen).toEqual(['goes']);
	store.resolve();
	await vi.waitFor(() => expect(seen).toHaveLength(LIMITS.unrecorded + 1));
	platform.publish('t', 'e', 'is kept again');
	await vi.waitFor(() => expect(seen.at(-1)).toBe('is kept again'));
});

it.each([
	['throws', () => raise(new Error('keep'))],
	['answers later', async () => Promise.reject(new Error('keep'))]
])('keeps nothing of a topic about which the function %s, and says so', async (_how, matches) => {
	const { platform, join, log } = await startCore();
	platform.keep(matches as never);
	const client = await join();
	client.say({ type: 'subscribe', topic: 't', ref: 1 });
	client.say({ type: 'resume', sessionId: 'old', lastSeenSeqs: { t: 1 } });
	platform.publish('t', 'e', 1);
	await settle();
	expect(client.heard()).toMatchObject([{ type: 'subscribed' }, { type: 'resumed' }, { data: 1, seq: 1 }]);
	expect(log.lines[0]![1]).toBe('The keep failed; nobody else is affected.');
});

it('sends what is kept, and the next event too, when who wants its position fails', async () => {
	const { platform, join, log } = await startCore();
	platform.keep(() => true);
	const client = await join();
	client.say({ type: 'subscribe', topic: 't', ref: 1 });
	await settle();
	client.heard();
	platform.publish('t', 'e', 1, { stamped: () => raise(new Error('stamped')) });
	platform.publish('t', 'e', 2, { stamped: async () => Promise.reject(new Error('stamped')) });
	await settle();
	expect(client.heard()).toMatchObject([
		{ data: 1, seq: 1 },
		{ data: 2, seq: 2 }
	]);
	expect(log.lines.map(([, message]) => message)).toEqual(Array(2).fill('The stamped failed; nobody else is affected.'));
});

it('keeps data as it was when it was published, whatever becomes of the object', async () => {
	const { platform } = await startCore();
	platform.keep(() => true);
	const from = await platform.stores.replay.current('t');
	const data = { n: 0 };
	for (let i = 0; i < 3; i++) {
		data.n = i;
		platform.publish('t', 'e', data);
	}
	data.n = 9;
	await settle();
	expect((await platform.stores.replay.since('t', from))?.map((stored) => stored.data)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
});

it('keeps what nodes keep apart once for each of them, under numbers of its own, also what reaches them by the bus', async () => {
	const bus = memoryBus();
	await using a = await createTestServer({ transport: 'memory', bus: bus.join() });
	const stores = { ...a.platform.stores, node: 'b' };
	await using b = await createTestServer({ transport: 'memory', bus: bus.join(), stores });
	const nodes = [a, b].map(({ platform }) => {
		const keeping = platform.keep((topic) => topic === 't', { isApart: () => true });
		const seen: unknown[] = [];
		platform.tap(({ data, position }) => void seen.push([data, position?.seq]));
		return { platform, keeping, seen };
	});
	const places = await Promise.all(nodes.map(({ keeping }) => keeping.current('t')));
	expect(places[0]!.epoch).not.toBe(places[1]!.epoch);
	// As a bus of the app's brings it to each node.
	for (const { platform } of nodes) platform.publish('t', 'e', 'brought', { relay: false });
	for (const { seen } of nodes) await vi.waitFor(() => expect(seen).toEqual([['brought', 1]]));
	a.platform.publish('t', 'e', 'relayed');
	for (const { seen } of nodes)
		await vi.waitFor(() =>
			expect(seen).toEqual([
				['brought', 1],
				['relayed', 2]
			])
		);
	for (const [i, { keeping }] of nodes.entries()) {
		const kept = await keeping.since('t', places[i]!);
		expect(kept?.map(({ topic, data, position }) => [topic, data, position])).toEqual([
			['t', 'brought', { epoch: places[i]!.epoch, seq: 1 }],
			['t', 'relayed', { epoch: places[i]!.epoch, seq: 2 }]
		]);
		expect(await keeping.since('t', places[1 - i]!)).toBeUndefined();
	}
});
