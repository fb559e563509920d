import type { CursorSeat, CursorStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

const cursor = (key: string, data: unknown, node = 'n1'): CursorSeat => ({ key, node, user: { name: key }, data });
const LONG = 60_000;

/** Laws of a `CursorStore`: the latest position of everybody, until it is removed or nobody renews it. */
export const cursorStoreSuite: (subject: Subject<StoreFixture<CursorStore>>) => void = defineSuite('cursor store', (law) => {
	law('lists the latest position of each, in the order of coming, each topic by itself', async (fixture) => {
		const any = inTurn(fixture);
		await any().put('t', cursor('a', { x: 1 }), LONG);
		await any().put('t', cursor('b', { x: 2, at: new Date(0) }, 'n2'), LONG);
		await any().put('other', cursor('a', { x: 3 }), LONG);
		await any().put('t', cursor('a', { x: 4 }), LONG);
		expect(await any().list('t')).toEqual([cursor('a', { x: 4 }), cursor('b', { x: 2, at: '1970-01-01T00:00:00.000Z' }, 'n2')]);
		expect(await any().list('nowhere')).toEqual([]);
	});

	law('keeps copies', async (fixture) => {
		const any = inTurn(fixture);
		const data = { x: 1 };
		await any().put('t', cursor('a', data), LONG);
		data.x = 2;
		const [first] = await any().list('t');
		(first!.data as { x: number }).x = 3;
		expect(await any().list('t')).toEqual([cursor('a', { x: 1 })]);
	});

	law('removes a cursor once', async (fixture) => {
		const any = inTurn(fixture);
		await any().put('t', cursor('a', 1), LONG);
		const removed = await Promise.all([any().remove('t', 'a'), any().remove('t', 'a')]);
		expect(removed.filter(Boolean)).toHaveLength(1);
		expect([await any().list('t'), await any().remove('nowhere', 'a')]).toEqual([[], false]);
	});

	law('forgets who is not renewed, and puts them last when they come back', async (fixture) => {
		const any = inTurn(fixture);
		await any().put('t', cursor('a', 1), 200);
		await any().put('t', cursor('b', 2), LONG);
		await fixture.pass(250);
		expect(await any().list('t')).toEqual([cursor('b', 2)]);
		expect(await any().remove('t', 'a')).toBe(false);
		await any().put('t', cursor('a', 3), LONG);
		expect(await any().list('t')).toEqual([cursor('b', 2), cursor('a', 3)]);
	});

	law('keeps who is renewed by the own node, in the topics that it names, and brings nobody back', async (fixture) => {
		const any = inTurn(fixture);
		await any().put('t', cursor('a', 1, 'n1'), 400);
		await any().put('t', cursor('b', 2, 'n2'), 400);
		await any().put('t', cursor('c', 3, 'n1'), 100);
		await any().put('other', cursor('a', 4, 'n1'), 400);
		await fixture.pass(250);
		await any().touch(['t', 'nowhere'], 'n1', 400);
		await fixture.pass(250);
		expect(await any().list('t')).toEqual([cursor('a', 1, 'n1')]);
		expect(await any().list('other')).toEqual([]);
	});

	law('removes every cursor of a node', async (fixture) => {
		const any = inTurn(fixture);
		await any().put('t', cursor('a', 1, 'n1'), LONG);
		await any().put('t', cursor('b', 2, 'n2'), LONG);
		await any().put('other', cursor('a', 3, 'n1'), LONG);
		await any().drop('n1');
		expect([await any().list('t'), await any().list('other')]).toEqual([[cursor('b', 2, 'n2')], []]);
	});
});
