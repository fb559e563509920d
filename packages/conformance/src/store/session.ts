import type { SessionStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

/** Laws of a `SessionStore`: data by token, for as long as somebody uses it. */
export const sessionStoreSuite: (subject: Subject<StoreFixture<SessionStore>>) => void = defineSuite('session store', (law) => {
	law('gives what was set, to every node, as a copy', async (fixture) => {
		const any = inTurn(fixture);
		const data = { user: 'ann', tags: [1] };
		await any().set('t', data, 60_000);
		data.tags.push(2);
		for (let n = 0; n < 3; n++) expect(await any().get('t', 60_000)).toEqual({ user: 'ann', tags: [1] });
		expect(await any().get('other', 60_000)).toBeUndefined();
	});

	law('replaces what was set before', async (fixture) => {
		const any = inTurn(fixture);
		await any().set('t', 1, 60_000);
		await any().set('t', { n: 2 }, 60_000);
		expect(await any().get('t', 60_000)).toEqual({ n: 2 });
	});

	law('forgets data that nobody uses for its time', async (fixture) => {
		const any = inTurn(fixture);
		await any().set('t', 1, 200);
		await fixture.pass(250);
		expect(await any().get('t', 200)).toBeUndefined();
		expect(await any().touch('t', 200)).toBe(false);
		expect(await any().delete('t')).toBe(false);
	});

	law('lets data live on by getting and by touching it', async (fixture) => {
		const any = inTurn(fixture);
		await any().set('t', 'here', 400);
		for (let n = 0; n < 3; n++) {
			await fixture.pass(300);
			if (n % 2 === 0) expect(await any().get('t', 400)).toBe('here');
			else expect(await any().touch('t', 400)).toBe(true);
		}
		await fixture.pass(300);
		expect(await any().get('t', 400)).toBe('here');
	});

	law('deletes once, and one token alone', async (fixture) => {
		const any = inTurn(fixture);
		await any().set('a', 1, 60_000);
		await any().set('b', 2, 60_000);
		expect([await any().delete('a'), await any().delete('a')]).toEqual([true, false]);
		expect([await any().get('a', 60_000), await any().get('b', 60_000)]).toEqual([undefined, 2]);
	});

	law('refuses what JSON cannot carry, and keeps what was there', async (fixture) => {
		const any = inTurn(fixture);
		await any().set('t', 1, 60_000);
		await expect(any().set('t', { big: 1n }, 60_000)).rejects.toThrow(TypeError);
		expect(await any().get('t', 60_000)).toBe(1);
	});
});
