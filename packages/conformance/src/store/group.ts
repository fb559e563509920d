import type { GroupSeat, GroupStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

const seat = (id: string, node = 'n1', role = 'member'): GroupSeat => ({ id, node, role });
const LONG = 60_000;
const RULE = { ttlMs: LONG };

/** Laws of a `GroupStore`: never more members than may be, whoever asks at once; a closed group stays closed. */
export const groupStoreSuite: (subject: Subject<StoreFixture<GroupStore>>) => void = defineSuite('group store', (law) => {
	law('lets members in, each group by itself, and tells them who is there in the order of joining', async (fixture) => {
		const any = inTurn(fixture);
		const [ann, bob] = [seat('a', 'n1', 'admin'), seat('b', 'n2')];
		expect(await any().join('g', ann, RULE)).toEqual({ outcome: 'joined', members: [ann] });
		expect(await any().join('g', bob, RULE)).toEqual({ outcome: 'joined', members: [ann, bob] });
		await any().join('other', seat('c'), RULE);
		expect(await any().state('g')).toEqual({ closed: false, members: [ann, bob] });
		expect(await any().state('nowhere')).toEqual({ closed: false, members: [] });
	});

	law('keeps a member that joins again in its place, with its new role', async (fixture) => {
		const any = inTurn(fixture);
		await any().join('g', seat('a'), { ...RULE, maxMembers: 2 });
		await any().join('g', seat('b'), { ...RULE, maxMembers: 2 });
		const again = seat('a', 'n1', 'viewer');
		expect(await any().join('g', again, { ...RULE, maxMembers: 2 })).toEqual({ outcome: 'joined', members: [again, seat('b')] });
	});

	law('lets in no more than may be, of many that ask at once, and one for each that leaves', async (fixture) => {
		const any = inTurn(fixture);
		const rule = { ...RULE, maxMembers: 5 };
		const entries = await Promise.all(Array.from({ length: 20 }, (_, n) => any().join('g', seat(`m${n}`), rule)));
		const outcomes = entries.map(({ outcome }) => outcome);
		expect(outcomes.filter((outcome) => outcome === 'joined')).toHaveLength(5);
		expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(15);
		const { members } = (await any().state('g')) as { members: readonly GroupSeat[] };
		expect(await any().leave('g', members[0]!.id)).toEqual({ left: true, count: 4 });
		expect(await any().leave('g', members[0]!.id)).toEqual({ left: false, count: 4 });
		expect((await any().join('g', seat('late'), rule)).outcome).toBe('joined');
		expect((await any().join('g', seat('later'), rule)).outcome).toBe('full');
	});

	law('gives the place of who is not renewed to another', async (fixture) => {
		const any = inTurn(fixture);
		await any().join('g', seat('a'), { maxMembers: 1, ttlMs: 200 });
		expect((await any().join('g', seat('b'), { ...RULE, maxMembers: 1 })).outcome).toBe('full');
		await fixture.pass(250);
		expect(await any().join('g', seat('b'), { ...RULE, maxMembers: 1 })).toEqual({ outcome: 'joined', members: [seat('b')] });
		expect(await any().leave('g', 'a')).toEqual({ left: false, count: 1 });
	});

	law('keeps who is renewed by the own node, in the groups that it names, and brings nobody back', async (fixture) => {
		const any = inTurn(fixture);
		await any().join('g', seat('a', 'n1'), { ttlMs: 400 });
		await any().join('g', seat('b', 'n2'), { ttlMs: 400 });
		await any().join('g', seat('c', 'n1'), { ttlMs: 100 });
		await any().join('other', seat('a', 'n1'), { ttlMs: 400 });
		await fixture.pass(250);
		await any().touch(['g', 'nowhere'], 'n1', 400);
		await fixture.pass(250);
		expect(await any().state('g')).toEqual({ closed: false, members: [seat('a', 'n1')] });
		expect(await any().state('other')).toEqual({ closed: false, members: [] });
	});

	law('ends a group once, with all memberships, for as long as it was told', async (fixture) => {
		const any = inTurn(fixture);
		await any().join('g', seat('a'), RULE);
		const closed = await Promise.all([any().close('g', 400), any().close('g', 400), any().close('g', 400)]);
		expect(closed.filter(Boolean)).toHaveLength(1);
		expect(await any().state('g')).toEqual({ closed: true });
		expect(await any().join('g', seat('b'), RULE)).toEqual({ outcome: 'closed' });
		expect(await any().leave('g', 'a')).toEqual({ left: false, count: 0 });
		await fixture.pass(450);
		expect(await any().join('g', seat('b'), RULE)).toEqual({ outcome: 'joined', members: [seat('b')] });
	});

	law('removes every member of a node', async (fixture) => {
		const any = inTurn(fixture);
		await any().join('g', seat('a', 'n1'), RULE);
		await any().join('g', seat('b', 'n2'), RULE);
		await any().join('other', seat('a', 'n1'), RULE);
		await any().drop('n1');
		expect(await any().state('g')).toEqual({ closed: false, members: [seat('b', 'n2')] });
		expect(await any().state('other')).toEqual({ closed: false, members: [] });
	});
});
