import { expect, it } from 'vitest';
import { manualClock } from '../../host/clock.ts';
import { MemoryRegistryStore } from '../registry/memory-store.ts';
import { MemoryPresenceStore } from './memory-store.ts';

const member = (connection: string) => ({ key: 'ann', connection, node: 'n', data: null });

it('refuses a member too many, and takes one for each that leaves', async () => {
	const store = new MemoryPresenceStore(manualClock(), 2);
	await store.join('a', member('1'), 1_000);
	await store.join('b', member('2'), 1_000);
	await expect(store.join('c', member('3'), 1_000)).rejects.toMatchObject({ code: 'STORE_FULL' });
	await store.join('a', member('1'), 1_000);
	await store.leave('b', member('2'));
	await store.join('c', member('3'), 1_000);
	await expect(store.join('b', member('2'), 1_000)).rejects.toMatchObject({ code: 'STORE_FULL' });
});

it('takes members again once others of the topic have expired', async () => {
	const clock = manualClock();
	const store = new MemoryPresenceStore(clock, 2);
	for (const connection of ['1', '2']) await store.join('a', member(connection), 1_000);
	clock.advance(2_000);
	for (const connection of ['3', '4']) await store.join('a', member(connection), 1_000);
	expect((await store.list('a')).map(({ connection }) => connection)).toEqual(['3', '4']);
});

it('counts places of the registry in the same way, and lets expired ones go as others open', async () => {
	const clock = manualClock();
	const store = new MemoryRegistryStore(clock, 2);
	await store.open('ann', { node: 'n', connection: '1' }, 1_000);
	await store.open('bob', { node: 'n', connection: '2' }, 1_000);
	await store.open('bob', { node: 'n', connection: '2' }, 1_000);
	await expect(store.open('eve', { node: 'n', connection: '3' }, 1_000)).rejects.toMatchObject({ code: 'STORE_FULL' });
	clock.advance(1_000);
	await store.open('eve', { node: 'n', connection: '3' }, 1_000);
	expect([await store.find('ann'), await store.find('eve')]).toEqual([[], [{ node: 'n', connection: '3' }]]);
});
