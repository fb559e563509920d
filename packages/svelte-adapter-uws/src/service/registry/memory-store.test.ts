import { expect, it } from 'vitest';
import { manualClock } from '../../host/clock.ts';
import { MemoryRegistryStore } from './memory-store.ts';

const LONG = 60_000;
const place = (node: string, connection: string) => ({ node, connection });

function store(maxPlaces?: number) {
	const clock = manualClock();
	return { registry: new MemoryRegistryStore(clock, maxPlaces), clock };
}

it('tells connections of one id on two nodes apart, whichever goes first', async () => {
	for (const [first, second] of [
		['n1', 'n2'],
		['n2', 'n1']
	] as const) {
		const { registry } = store();
		await registry.open('ann', place('n1', 'c'), LONG);
		await registry.open('ann', place('n2', 'c'), LONG);
		await registry.open('ann', place('n3', 'd'), LONG);
		expect(await registry.close('ann', place(first, 'c'))).toBe(true);
		expect(await registry.close('ann', place(first, 'c'))).toBe(false);
		expect(await registry.find('ann')).toEqual([place('n3', 'd'), place(second, 'c')]);
		expect(await registry.close('ann', place(second, 'c'))).toBe(true);
		expect(await registry.find('ann')).toEqual([place('n3', 'd')]);
	}
});

it('counts a connection that opens again, or closes, once', async () => {
	const { registry } = store(2);
	for (let n = 0; n < 5; n++) await registry.open('ann', place('n', 'a'), LONG);
	await registry.open('bob', place('n', 'b'), LONG);
	await expect(registry.open('cid', place('n', 'c'), LONG)).rejects.toThrow('registry store');
	await registry.close('ann', place('n', 'a'));
	await registry.close('ann', place('n', 'a'));
	await registry.open('cid', place('n', 'c'), LONG);
	await expect(registry.open('dan', place('n', 'd'), LONG)).rejects.toThrow('registry store');
});

it('makes room of what has expired, of users with one connection and with many', async () => {
	const { registry, clock } = store(6);
	for (const id of ['a', 'b', 'c']) await registry.open('ann', place('n', id), 100);
	for (const user of ['bob', 'cid', 'dan']) await registry.open(user, place('n', user), 100);
	clock.advance(101);
	for (const id of ['1', '2', '3', '4', '5', '6']) await registry.open('eve', place('n', id), LONG);
	expect((await registry.find('eve')).map(({ connection }) => connection)).toEqual(['6', '5', '4', '3', '2', '1']);
	expect(await registry.find('ann')).toEqual([]);
});
