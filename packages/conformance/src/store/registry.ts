import type { RegistryStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

const LONG = 60_000;
const place = (node: string, connection: string) => ({ node, connection });

/** Laws of a `RegistryStore`: where a user's connections are, the latest first, for as long as they are renewed. */
export const registryStoreSuite: (subject: Subject<StoreFixture<RegistryStore>>) => void = defineSuite(
	'registry store',
	(law) => {
		law('finds every connection of a user, the latest first', async (fixture) => {
			const any = inTurn(fixture);
			await any().open('ann', place('n1', 'c1'), LONG);
			await any().open('ann', place('n2', 'c2'), LONG);
			await any().open('bob', place('n1', 'c3'), LONG);
			expect(await any().find('ann')).toEqual([place('n2', 'c2'), place('n1', 'c1')]);
			expect(await any().find('nobody')).toEqual([]);
		});

		law('takes a connection that opens again for the latest', async (fixture) => {
			const any = inTurn(fixture);
			await any().open('ann', place('n1', 'c1'), LONG);
			await any().open('ann', place('n2', 'c2'), LONG);
			await any().open('ann', place('n1', 'c1'), LONG);
			expect(await any().find('ann')).toEqual([place('n1', 'c1'), place('n2', 'c2')]);
		});

		law('forgets a connection that closes, of its node alone', async (fixture) => {
			const any = inTurn(fixture);
			await any().open('ann', place('n1', 'c1'), LONG);
			await any().open('ann', place('n2', 'c1'), LONG);
			expect(await any().close('ann', place('n1', 'c1'))).toBe(true);
			expect(await any().close('ann', place('n1', 'c1'))).toBe(false);
			expect(await any().close('nobody', place('n1', 'c1'))).toBe(false);
			expect(await any().find('ann')).toEqual([place('n2', 'c1')]);
		});

		law('forgets what is not renewed, and keeps what its node renews', async (fixture) => {
			const any = inTurn(fixture);
			await any().open('ann', place('n1', 'c1'), 400);
			await any().open('ann', place('n2', 'c2'), 400);
			for (let n = 0; n < 2; n++) {
				await fixture.pass(250);
				await any().touch('n1', 400);
			}
			expect(await any().find('ann')).toEqual([place('n1', 'c1')]);
			await fixture.pass(450);
			expect(await any().find('ann')).toEqual([]);
		});

		law('brings nothing back that had gone before a renewal', async (fixture) => {
			const any = inTurn(fixture);
			await any().open('ann', place('n1', 'c1'), 200);
			await fixture.pass(250);
			await any().touch('n1', LONG);
			expect(await any().find('ann')).toEqual([]);
		});

		law('removes everything of a node', async (fixture) => {
			const any = inTurn(fixture);
			await any().open('ann', place('n1', 'c1'), LONG);
			await any().open('ann', place('n2', 'c2'), LONG);
			await any().open('bob', place('n1', 'c3'), LONG);
			await any().drop('n1');
			expect([await any().find('ann'), await any().find('bob')]).toEqual([[place('n2', 'c2')], []]);
		});
	}
);
