import { expect, it } from 'vitest';
import { manualClock } from '../host/clock.ts';
import { Expiring } from './expiring.ts';

it('shows an entry until its time is over, which counts anew with each set', () => {
	const clock = manualClock();
	const table = new Expiring<string>(clock, 'table', 10);
	table.set('a', 'first', 100);
	clock.advance(60);
	table.set('a', 'second', 100);
	clock.advance(99);
	expect([table.get('a'), table.left('a')]).toEqual(['second', 1]);
	clock.advance(1);
	expect([table.get('a'), table.left('a'), table.delete('a')]).toEqual([undefined, 0, false]);
});

it('lets expired entries go as others are added, without timers', () => {
	const clock = manualClock();
	const table = new Expiring<number>(clock, 'table', 1_000);
	for (let n = 0; n < 100; n++) table.set(`old ${n}`, n, 100);
	clock.advance(100);
	for (let n = 0; n < 100; n++) table.set(`new ${n}`, n, 100);
	expect([table.size, clock.pending]).toEqual([100, 0]);
});

it('refuses an entry too many with a code, and takes it once others have expired', () => {
	const clock = manualClock();
	const table = new Expiring<number>(clock, 'lock store', 3);
	table.set('long', 0, 60_000);
	table.set('longer', 0, 120_000);
	table.set('short', 0, 2_000);
	expect(() => table.set('d', 1, 1)).toThrow(expect.objectContaining({ code: 'STORE_FULL' }));
	expect(() => table.set('d', 1, 1)).toThrow('The lock store in memory holds 3 entries');
	table.set('long', 2, 60_000);
	clock.advance(2_000);
	table.set('d', 1, 1_000);
	expect([table.get('long'), table.get('d'), table.size]).toEqual([2, 1, 3]);
});
