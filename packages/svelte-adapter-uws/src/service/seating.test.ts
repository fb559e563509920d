import { expect, it } from 'vitest';
import { manualClock } from '../host/clock.ts';
import { Seating, type Seated } from './seating.ts';

function create(max = 10) {
	const clock = manualClock();
	const emptied: string[] = [];
	const seating = new Seating<number>(clock, 'seats', max, (place, { id }) => emptied.push(`${place} ${id}`));
	const put = (place: string, id: string, ttlMs = 1_000, value = 0): void => seating.put(place, { id, node: 'n', value }, ttlMs);
	const ids = (place: string): string[] => seating.list(place).map(({ id }: Seated<number>) => id);
	return { clock, emptied, seating, put, ids };
}

it('tells of every seat that is empty again, once, whatever emptied it', () => {
	const { clock, emptied, seating, put } = create();
	put('a', '1');
	put('a', '2', 100);
	put('a', '3');
	put('b', '1');
	put('a', '1', 1_000, 5);
	expect([seating.get('a', '1'), seating.delete('a', '1'), seating.delete('a', '1')]).toEqual([5, 5, undefined]);
	clock.advance(100);
	expect([seating.count('a'), seating.get('a', '2')]).toEqual([1, undefined]);
	seating.empty('a');
	seating.empty('nowhere');
	expect(seating.drop('n').map(([place, { id }]) => `${place} ${id}`)).toEqual(['b 1']);
	expect([seating.drop('n'), emptied]).toEqual([[], ['a 1', 'a 2', 'a 3', 'b 1']]);
});

it('gives nothing back of a seat that has expired, and counts it no more', () => {
	const { clock, seating, put, ids } = create();
	put('a', '1', 100);
	put('a', '2');
	clock.advance(100);
	expect([seating.delete('a', '1'), ids('a'), seating.count('nowhere')]).toEqual([undefined, ['2'], 0]);
	put('a', '1');
	expect(ids('a')).toEqual(['2', '1']);
});

it('has room again once places are empty', () => {
	const { seating, put } = create(2);
	put('a', '1');
	put('b', '1');
	put('b', '1');
	expect(() => put('c', '1')).toThrow(expect.objectContaining({ code: 'STORE_FULL' }));
	seating.empty('a');
	put('c', '1');
	expect(() => put('a', '1')).toThrow('seats');
	expect(seating.count('a')).toBe(0);
});
