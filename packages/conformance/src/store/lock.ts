import type { LockStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

/** Laws of a `LockStore`: one holder at a time, by token, until its time is over. */
export const lockStoreSuite: (subject: Subject<StoreFixture<LockStore>>) => void = defineSuite('lock store', (law) => {
	law('grants a key to one of many who ask at once', async (fixture) => {
		const any = inTurn(fixture);
		const grants = await Promise.all(Array.from({ length: 20 }, () => any().acquire('k', 1_000)));
		expect(grants.filter((grant) => grant !== undefined)).toHaveLength(1);
	});

	law('keeps keys apart', async (fixture) => {
		const any = inTurn(fixture);
		expect(await any().acquire('a', 1_000)).toBeDefined();
		expect(await any().acquire('b', 1_000)).toBeDefined();
	});

	law('grants a released key again, to be released by its own token alone', async (fixture) => {
		const any = inTurn(fixture);
		const first = (await any().acquire('k', 1_000))!;
		expect(await any().release('k', 'another token')).toBe(false);
		expect(await any().acquire('k', 1_000)).toBeUndefined();
		expect(await any().release('k', first.token)).toBe(true);
		expect(await any().release('k', first.token)).toBe(false);
		expect((await any().acquire('k', 1_000))!.token).not.toBe(first.token);
	});

	law(
		'takes the key from a holder that does not renew in time, who can neither renew nor release it any more',
		async (fixture) => {
			const any = inTurn(fixture);
			const lost = (await any().acquire('k', 200))!;
			await fixture.pass(250);
			const next = (await any().acquire('k', 60_000))!;
			expect(await any().renew('k', lost.token, 1_000)).toBe(false);
			expect(await any().release('k', lost.token)).toBe(false);
			expect(await any().renew('k', next.token, 1_000)).toBe(true);
		}
	);

	law('leaves the key with a holder that renews', async (fixture) => {
		const any = inTurn(fixture);
		const { token } = (await any().acquire('k', 400))!;
		await fixture.pass(300);
		expect(await any().renew('k', token, 400)).toBe(true);
		await fixture.pass(300);
		expect(await any().acquire('k', 400)).toBeUndefined();
	});

	law('gives each grant of a key a greater fence than the one before', async (fixture) => {
		const any = inTurn(fixture);
		let before = -Infinity;
		for (let n = 0; n < 5; n++) {
			const { token, fence } = (await any().acquire('k', 1_000))!;
			expect(fence).toBeGreaterThan(before);
			before = fence;
			await any().release('k', token);
		}
	});
});
