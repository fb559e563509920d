import { expect, it, vi } from 'vitest';
import { memoryBus } from '../host/memory-bus.ts';
import { createTestServer } from '../host/testing.ts';
import { memoryLog } from '../../test/support/log.ts';

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
		expect(list.filter(([topic]) => topic === 't').sort(([, , a], [, , b]) => Number(a ?? 0) - Number(b ?? 0))).toEqual([
			['t', 'volatile', undefined],
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
