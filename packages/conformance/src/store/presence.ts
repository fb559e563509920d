import type { Member, PresenceStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

const member = (key: string, connection: string, node = 'n1', data: unknown = { name: key }): Member => ({
	key,
	connection,
	node,
	data
});
const LONG = 60_000;

/** Laws of a `PresenceStore`: first and last are told of once per key, and who is not renewed is gone. */
export const presenceStoreSuite: (subject: Subject<StoreFixture<PresenceStore>>) => void = defineSuite(
	'presence store',
	(law) => {
		law('tells of the first and the last connection of a key, and of those in between nothing', async (fixture) => {
			const any = inTurn(fixture);
			expect(await any().join('t', member('ann', 'c1'), LONG)).toEqual({ first: true });
			expect(await any().join('t', member('ann', 'c2', 'n2'), LONG)).toEqual({ first: false });
			expect(await any().join('t', member('bob', 'c3'), LONG)).toEqual({ first: true });
			expect(await any().leave('t', { key: 'ann', connection: 'c1' })).toEqual({ last: false });
			expect(await any().leave('t', { key: 'ann', connection: 'c2' })).toEqual({ last: true });
			expect(await any().leave('t', { key: 'ann', connection: 'c2' })).toEqual({ last: false });
		});

		law('has one first of many that join at once, and one last of many that leave at once', async (fixture) => {
			const any = inTurn(fixture);
			const connections = Array.from({ length: 20 }, (_, n) => `c${n}`);
			const joined = await Promise.all(connections.map((connection) => any().join('t', member('ann', connection), LONG)));
			expect(joined.filter(({ first }) => first)).toHaveLength(1);
			const left = await Promise.all(connections.map((connection) => any().leave('t', { key: 'ann', connection })));
			expect(left.filter(({ last }) => last)).toHaveLength(1);
		});

		law('lists every connection in the order of joining, each topic by itself', async (fixture) => {
			const any = inTurn(fixture);
			const members = [member('ann', 'c1'), member('bob', 'c2', 'n2'), member('ann', 'c3', 'n2')];
			for (const one of members) await any().join('t', one, LONG);
			await any().join('other', member('eve', 'c4'), LONG);
			expect(await any().list('t')).toEqual(members);
			expect(await any().list('nowhere')).toEqual([]);
		});

		law('replaces the data of a connection that joins again', async (fixture) => {
			const any = inTurn(fixture);
			await any().join('t', member('ann', 'c1'), LONG);
			expect(await any().join('t', member('ann', 'c1', 'n1', { name: 'Ann', at: new Date(0) }), LONG)).toEqual({ first: false });
			expect(await any().list('t')).toEqual([member('ann', 'c1', 'n1', { name: 'Ann', at: '1970-01-01T00:00:00.000Z' })]);
		});

		law('forgets who is not renewed, and takes their return for a first', async (fixture) => {
			const any = inTurn(fixture);
			await any().join('t', member('ann', 'c1'), 200);
			await any().join('t', member('bob', 'c2'), LONG);
			await fixture.pass(250);
			expect(await any().list('t')).toEqual([member('bob', 'c2')]);
			expect(await any().leave('t', { key: 'ann', connection: 'c1' })).toEqual({ last: false });
			expect(await any().join('t', member('ann', 'c1'), LONG)).toEqual({ first: true });
		});

		law('keeps who is renewed by the own node, in the topics that it names', async (fixture) => {
			const any = inTurn(fixture);
			await any().join('t', member('ann', 'c1', 'n1'), 400);
			await any().join('t', member('bob', 'c2', 'n2'), 400);
			await any().join('other', member('ann', 'c1', 'n1'), 400);
			await fixture.pass(250);
			await any().touch(['t', 'nowhere'], 'n1', 400);
			await fixture.pass(250);
			expect(await any().list('t')).toEqual([member('ann', 'c1', 'n1')]);
			expect(await any().list('other')).toEqual([]);
		});

		law('brings nobody back who had gone before a renewal', async (fixture) => {
			const any = inTurn(fixture);
			await any().join('t', member('ann', 'c1'), 200);
			await any().join('t', member('bob', 'c2'), LONG);
			await fixture.pass(250);
			await any().touch(['t'], 'n1', LONG);
			expect(await any().list('t')).toEqual([member('bob', 'c2')]);
		});

		law('removes everything of a node, and tells whose last connection that was', async (fixture) => {
			const any = inTurn(fixture);
			await any().join('t', member('ann', 'c1', 'n1'), LONG);
			await any().join('t', member('bob', 'c2', 'n1'), LONG);
			await any().join('t', member('bob', 'c3', 'n2'), LONG);
			await any().join('other', member('ann', 'c1', 'n1'), LONG);
			const departures = await any().drop('n1');
			expect(departures.toSorted((a, b) => a.topic.localeCompare(b.topic))).toEqual([
				{ topic: 'other', key: 'ann' },
				{ topic: 't', key: 'ann' }
			]);
			expect(await any().list('t')).toEqual([member('bob', 'c3', 'n2')]);
			expect(await any().drop('n1')).toEqual([]);
		});
	}
);
