import type { IdempotencyStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

async function claim(store: IdempotencyStore, ttlMs: number): Promise<string> {
	const got = await store.claim('k', ttlMs);
	if (got.state !== 'claimed') throw new Error(`The key is ${got.state}.`);
	return got.token;
}

/** Laws of an `IdempotencyStore`: one claim at a time, and its result for everybody after it. */
export const idempotencyStoreSuite: (subject: Subject<StoreFixture<IdempotencyStore>>) => void = defineSuite(
	'idempotency store',
	(law) => {
		law('gives a key to one of many who claim it at once', async (fixture) => {
			const any = inTurn(fixture);
			const claims = await Promise.all(Array.from({ length: 20 }, () => any().claim('k', 1_000)));
			expect(claims.map(({ state }) => state).toSorted()).toEqual(['claimed', ...Array.from({ length: 19 }, () => 'pending')]);
		});

		law('gives the result to everybody after it is settled, as JSON', async (fixture) => {
			const any = inTurn(fixture);
			const token = await claim(any(), 1_000);
			const result = { id: 1, at: new Date(0), list: [1, null], nothing: undefined };
			expect(await any().settle('k', token, result, 1_000)).toBe(true);
			result.list.push(2);
			const settled = { state: 'settled', result: { id: 1, at: '1970-01-01T00:00:00.000Z', list: [1, null] } };
			for (let n = 0; n < 4; n++) expect(await any().claim('k', 1_000)).toEqual(settled);
		});

		law('keeps a result of undefined as null', async (fixture) => {
			const any = inTurn(fixture);
			await any().settle('k', await claim(any(), 1_000), undefined, 1_000);
			expect(await any().claim('k', 1_000)).toEqual({ state: 'settled', result: null });
		});

		law('refuses what JSON cannot carry, and leaves the claim', async (fixture) => {
			const any = inTurn(fixture);
			const token = await claim(any(), 1_000);
			const cycle: { self?: unknown } = {};
			cycle.self = cycle;
			await expect(any().settle('k', token, cycle, 1_000)).rejects.toThrow(TypeError);
			await expect(any().settle('k', token, 1n, 1_000)).rejects.toThrow(TypeError);
			expect(await any().settle('k', token, 'ok', 1_000)).toBe(true);
		});

		law('gives an abandoned key to the next', async (fixture) => {
			const any = inTurn(fixture);
			const token = await claim(any(), 1_000);
			expect(await any().abandon('k', 'another token')).toBe(false);
			expect(await any().abandon('k', token)).toBe(true);
			expect(await any().settle('k', token, 'late', 1_000)).toBe(false);
			await claim(any(), 1_000);
		});

		law('gives a key to the next when its time is over, and takes nothing from who lost it', async (fixture) => {
			const any = inTurn(fixture);
			const lost = await claim(any(), 200);
			await fixture.pass(250);
			const token = await claim(any(), 60_000);
			expect(await any().settle('k', lost, 'late', 1_000)).toBe(false);
			expect(await any().abandon('k', lost)).toBe(false);
			expect(await any().settle('k', token, 'ok', 60_000)).toBe(true);
		});

		law('forgets a result when its time is over, and any key when told to', async (fixture) => {
			const any = inTurn(fixture);
			await any().settle('k', await claim(any(), 60_000), 'ok', 200);
			await fixture.pass(250);
			await claim(any(), 60_000);
			expect(await any().forget('k')).toBe(true);
			expect(await any().forget('k')).toBe(false);
			await claim(any(), 60_000);
		});
	}
);
