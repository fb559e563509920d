import type { LeaseStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

/** Laws of a `LeaseStore`: one holder of a name at a time, and an epoch for each. */
export const leaseStoreSuite: (subject: Subject<StoreFixture<LeaseStore>>) => void = defineSuite('lease store', (law) => {
	law('tells all who ask at once the same holder', async (fixture) => {
		const any = inTurn(fixture);
		const tenures = await Promise.all(Array.from({ length: 20 }, (_, n) => any().hold('leader', `node ${n}`, 1_000)));
		expect(new Set(tenures.map(({ holder }) => holder)).size).toBe(1);
		expect(new Set(tenures.map(({ epoch }) => epoch)).size).toBe(1);
		expect(await any().current('leader')).toEqual(tenures[0]);
	});

	law('keeps names apart', async (fixture) => {
		const any = inTurn(fixture);
		expect((await any().hold('a', 'x', 1_000)).holder).toBe('x');
		expect((await any().hold('b', 'y', 1_000)).holder).toBe('y');
	});

	law('stays with a holder that renews, in the same epoch', async (fixture) => {
		const any = inTurn(fixture);
		const first = await any().hold('leader', 'x', 400);
		await fixture.pass(300);
		expect(await any().hold('leader', 'x', 400)).toEqual(first);
		await fixture.pass(300);
		expect(await any().hold('leader', 'y', 400)).toEqual(first);
	});

	law('goes to the next in a greater epoch once its time is over', async (fixture) => {
		const any = inTurn(fixture);
		const { epoch } = await any().hold('leader', 'x', 200);
		await fixture.pass(250);
		expect(await any().current('leader')).toBeUndefined();
		const next = await any().hold('leader', 'y', 1_000);
		expect(next.holder).toBe('y');
		expect(next.epoch).toBeGreaterThan(epoch);
		expect((await any().hold('leader', 'x', 1_000)).holder).toBe('y');
	});

	law('frees everything that a holder had who is gone, and nothing of others', async (fixture) => {
		const any = inTurn(fixture);
		const { epoch } = await any().hold('a', 'x', 60_000);
		await any().hold('b', 'x', 60_000);
		await any().hold('c', 'y', 60_000);
		await any().drop('x');
		expect([await any().current('a'), await any().current('b')]).toEqual([undefined, undefined]);
		expect((await any().hold('c', 'z', 1_000)).holder).toBe('y');
		expect((await any().hold('a', 'z', 1_000)).epoch).toBeGreaterThan(epoch);
	});

	law('is freed by its holder alone, and has a greater epoch when it is taken again', async (fixture) => {
		const any = inTurn(fixture);
		const { epoch } = await any().hold('leader', 'x', 1_000);
		expect(await any().release('leader', 'y')).toBe(false);
		expect(await any().release('leader', 'x')).toBe(true);
		expect(await any().release('leader', 'x')).toBe(false);
		expect(await any().current('leader')).toBeUndefined();
		expect((await any().hold('leader', 'x', 1_000)).epoch).toBeGreaterThan(epoch);
	});
});
