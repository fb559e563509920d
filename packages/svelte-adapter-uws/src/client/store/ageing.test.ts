import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { batch, emit, usePage, watch } from '../../../test/support/page.ts';
import { crud } from './crud.ts';
import { lookup } from './lookup.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
usePage();

const ids = (list: unknown): unknown[] => Object.values(list as object).map(({ id }) => id);

it.each([
	['crud', () => crud<{ id: number }>('a', [{ id: 1 }, { id: 2 }], { maxAge: 10_000 })],
	['lookup', () => lookup<{ id: number }>('a', [{ id: 1 }, { id: 2 }], { maxAge: 10_000 })]
])('%s(): lets go of rows that were not created or updated for so long', (_name, create) => {
	const { seen, stop } = watch<unknown>(create());
	vi.advanceTimersByTime(6000);
	emit('a', 'updated', { id: 2 });
	emit('a', 'created', { id: 3 });
	emit('a', 'other', { id: 1 });
	emit('a', 'updated', null);
	expect(ids(seen.at(-1))).toEqual([1, 2, 3]);
	vi.advanceTimersByTime(4000);
	expect(ids(seen.at(-1))).toEqual([2, 3]);
	const updates = seen.length;
	vi.advanceTimersByTime(4999);
	expect(seen).toHaveLength(updates);
	vi.advanceTimersByTime(5001);
	expect(seen.at(-1)).toEqual(Array.isArray(seen[0]) ? [] : {});
	stop();
	expect(vi.getTimerCount()).toBe(0);
});

it('starts over with fresh ages when somebody watches again', () => {
	const store = crud<{ id: number }>('a', [{ id: 1 }], { maxAge: 10_000 });
	const first = watch(store);
	vi.advanceTimersByTime(10_000);
	expect(first.seen).toEqual([[{ id: 1 }], []]);
	first.stop();
	const second = watch(store);
	vi.advanceTimersByTime(9999);
	expect(second.seen).toEqual([[{ id: 1 }]]);
	second.stop();
});

it('looks every second at the most, and takes a row that was deleted and came again for a new one', () => {
	const { seen, stop } = watch(lookup<{ name: string }>('a', [], { key: 'name', maxAge: 500 }));
	batch(['a', 'created', { name: 'x' }], ['a', 'deleted', { name: 'x' }], ['a', 'created', { name: 'x' }]);
	vi.advanceTimersByTime(999);
	expect(Object.keys(seen.at(-1)!)).toEqual(['x']);
	vi.advanceTimersByTime(1);
	expect(Object.keys(seen.at(-1)!)).toEqual([]);
	stop();
});

it('watches no age without maxAge', () => {
	const { stop } = watch(crud('a', [{ id: 1 }]));
	expect(vi.getTimerCount()).toBe(0);
	stop();
});

it('looks no more often for an age that timers cannot count to', () => {
	const { seen, stop } = watch(crud('a', [{ id: 1 }], { maxAge: Infinity }));
	const interval = vi.spyOn(globalThis, 'setInterval');
	const other = watch(crud('a', [{ id: 1 }], { maxAge: 90 * 86_400_000 }));
	expect(interval.mock.calls[0]![1]).toBe(2_147_483_647);
	vi.advanceTimersByTime(86_400_000);
	expect([seen, other.seen].flat()).toEqual([[{ id: 1 }], [{ id: 1 }]]);
	stop();
	other.stop();
});
