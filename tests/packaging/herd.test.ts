import { describe, expect, it, vi } from 'vitest';
import type { Client } from './client.ts';
import { serve, visit } from './serve.ts';

const COUNT = 1_000;
const MISSED = 50;
const ids = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

describe.each(['uws', 'node'])('a thousand clients on %s that are cut off at once', (TRANSPORT) => {
	it('come back all together with what they missed, without one load, and are nowhere counted twice', async () => {
		const { origin } = await serve({ TRANSPORT });
		const come = (): Promise<Client> => visit(origin);
		await using witness = await come();
		const fill = (from: number, count: number): Promise<unknown> => witness.rpc('faults/fill', [from, count]);
		const inYard = async (): Promise<number> => (await witness.rpc('faults/yard/__presence', [], { stream: true })).data.length;
		await witness.rpc('faults/yard/__data', [], { stream: true });

		const enter = async (position: object) => {
			const client = await come();
			await client.rpc('faults/yard/__data', [], { stream: true });
			return { client, answer: await client.rpc('faults/crowd', [], { stream: true, ...position }) };
		};
		const before = await Promise.all(ids(0, COUNT).map(() => enter({})));
		expect(await inYard()).toBe(COUNT + 1);
		await fill(0, 1);
		for (const { client, answer } of before) {
			expect(answer).toMatchObject({ ok: true, data: [] });
			expect(await client.event('crowd')).toEqual({ id: 0 });
		}
		const loads = (await witness.rpc('faults/loads')).data as number;
		const { seq, ep } = before[0]!.answer as { readonly seq: number; readonly ep: string };

		for (const { client } of before) client.drop();
		await fill(1, MISSED);
		const after = await Promise.all(ids(0, COUNT).map(() => enter({ seq: seq + 1, ep })));
		await fill(1 + MISSED, 1);
		for (const { client, answer } of after) {
			const missed = answer.data as readonly { readonly event: string; readonly data: { readonly id: number } }[];
			expect(answer).toMatchObject({ ok: true, replay: true, seq: seq + 1 + MISSED });
			expect(missed.map(({ data }) => data.id)).toEqual(ids(1, MISSED));
			expect(await client.event('crowd')).toEqual({ id: 1 + MISSED });
			expect(client.unread('crowd')).toBe(0);
		}
		expect((await witness.rpc('faults/loads')).data).toBe(loads);
		// Without an id each connection is a person, who is gone some seconds after it.
		await vi.waitFor(async () => expect(await inYard()).toBe(COUNT + 1), { interval: 200 });
		for (const { client } of after) client.drop();
		await vi.waitFor(async () => expect(await inYard()).toBe(1), { interval: 200 });
	});
});
