import { get } from 'svelte/store';
import { expect, it, onTestFinished, vi } from 'vitest';
import { valueOf } from '../../../test/support/browser.ts';
import { batch, emit, sent, usePage, watch } from '../../../test/support/page.ts';
import { count } from './count.ts';
import { crud } from './crud.ts';
import { latest } from './latest.ts';
import { lookup } from './lookup.ts';
import { on } from './on.ts';

usePage();

it('on(): shows the latest event of a topic while somebody watches', async () => {
	const store = on('a');
	expect(await sent()).toEqual([]);
	const { seen, stop } = watch(store);
	expect(await sent()).toEqual([{ type: 'subscribe', topic: 'a', ref: 1 }]);
	emit('a', 'x', 1, 7);
	emit('b', 'x', 2);
	expect(seen).toEqual([null, { topic: 'a', event: 'x', data: 1, seq: 7 }]);
	const second = watch(on('a'));
	expect(second.seen).toEqual([seen[1]]);
	stop();
	stop();
	expect(await sent()).toEqual([]);
	second.stop();
	expect(await sent()).toEqual([{ type: 'unsubscribe', topic: 'a' }]);
	expect(valueOf(store)).toBeNull();
	// A store can be taken up again.
	const again = watch(store);
	emit('a', 'y');
	expect(again.seen).toEqual([null, { topic: 'a', event: 'y', data: undefined }]);
});

it('on(): tells equal data of one event twice', () => {
	const { seen } = watch(on<number>('a', 'x'));
	emit('a', 'x', 1);
	emit('a', 'other', 2);
	emit('a', 'x', 1);
	expect(seen).toEqual([null, { data: 1 }, { data: 1 }]);
	expect(seen[1]).not.toBe(seen[2]);
});

it('on(): tells the other watchers and the events that follow in a batch, when one watcher throws', () => {
	const report = vi.spyOn(console, 'error').mockImplementation(() => {});
	onTestFinished(() => report.mockRestore());
	const store = on<number>('a', 'x');
	let throws = false;
	store.subscribe(() => {
		if (throws) throw new Error('mine');
	});
	const { seen } = watch(store);
	throws = true;
	batch(['a', 'x', 1], ['a', 'x', 2], ['a', 'x', 3]);
	expect(seen).toEqual([null, { data: 1 }, { data: 2 }, { data: 3 }]);
	expect(report).toHaveBeenCalledTimes(3);
});

it('on(): keeps reserved topics off the wire', async () => {
	const { seen } = watch(on('__inner'));
	expect(await sent()).toEqual([]);
	emit('__inner', 'x', 1);
	expect(seen).toHaveLength(2);
});

it('scan(): sees every event of a batch, keeps its value without watchers, and counts nothing twice', () => {
	const other = watch(on('a', 'x'));
	emit('a', 'x', 100);
	const sum = on<number>('a', 'x').scan(0, (total, { data }) => total + data);
	const first = watch(sum);
	batch(['a', 'x', 1], ['a', 'y', 50], ['a', 'x', 2]);
	expect(first.seen).toEqual([0, 1, 3]);
	first.stop();
	emit('a', 'x', 1000);
	const second = watch(sum);
	emit('a', 'x', 4);
	expect(second.seen).toEqual([3, 7]);
	other.stop();
	second.stop();
});

it('scan(): takes a list that is changed in place for news', () => {
	const { seen } = watch(on<number>('a', 'x').scan<number[]>([], (list, { data }) => (list.push(data), list)));
	emit('a', 'x', 1);
	expect(seen).toHaveLength(2);
	expect(seen[1]).toEqual([1]);
});

it('scan(): goes on after an event that its function cannot take', () => {
	const report = vi.spyOn(console, 'error').mockImplementation(() => {});
	const { seen } = watch(on<{ n: number }>('a', 'x').scan(0, (total, { data }) => total + data.n));
	batch(['a', 'x', { n: 1 }], ['a', 'x', null], ['a', 'x', { n: 2 }]);
	expect(seen).toEqual([0, 1, 3]);
	expect(report).toHaveBeenCalledOnce();
	report.mockRestore();
});

it('crud(): merges a frame in one update, and starts over when nobody watches', async () => {
	const initial = [{ id: 1, v: 0 }];
	const store = crud('t', initial);
	const { seen, stop } = watch(store);
	batch(
		['t', 'created', { id: 2 }],
		['t', 'updated', { id: 1, v: 1 }],
		['t', 'updated', { id: 9 }],
		['t', 'renamed', { id: 1 }],
		['t', 'created', { v: 1 }]
	);
	emit('t', 'created', { id: 2, v: 2 });
	emit('t', 'deleted', { id: 1 });
	emit('t', 'deleted', { id: 1 });
	emit('t', 'refreshed', []);
	expect(seen).toEqual([
		initial,
		[{ id: 1, v: 1 }, { id: 2 }],
		[
			{ id: 1, v: 1 },
			{ id: 2, v: 2 }
		],
		[{ id: 2, v: 2 }]
	]);
	stop();
	expect(get(store)).toBe(initial);
	const again = watch(store);
	emit('t', 'created', { id: 3 });
	expect(again.seen).toEqual([initial, [{ id: 1, v: 0 }, { id: 3 }]]);
});

it('crud(): takes a key and puts new items first', () => {
	const { seen } = watch(crud<{ no: number }>('t', [{ no: 1 }], { key: 'no', prepend: true }));
	emit('t', 'created', { no: 2 });
	expect(seen.at(-1)).toEqual([{ no: 2 }, { no: 1 }]);
});

it('lookup(): holds items by key', () => {
	const { seen } = watch(lookup<{ email: string; v?: number }>('u', [{ email: 'a' }], { key: 'email' }));
	batch(['u', 'created', { email: 'b' }], ['u', 'updated', { email: 'a', v: 1 }]);
	emit('u', 'deleted', { email: 'nobody' });
	emit('u', 'deleted', { email: 'b' });
	expect(seen.map((record) => ({ ...record }))).toEqual([
		{ a: { email: 'a' } },
		{ a: { email: 'a', v: 1 }, b: { email: 'b' } },
		{ a: { email: 'a', v: 1 } }
	]);
});

it('latest(): keeps the newest events', () => {
	const { seen } = watch(latest<number>('l', 2));
	batch(['l', 'x', 1], ['l', 'y', 2], ['l', 'z', 3]);
	expect(seen.at(-1)).toEqual([
		{ topic: 'l', event: 'y', data: 2 },
		{ topic: 'l', event: 'z', data: 3 }
	]);
	expect(seen).toHaveLength(2);
	expect(() => latest('l', 0)).toThrow(RangeError);
});

it('count(): follows its events', () => {
	const { seen } = watch(count('c', 5));
	emit('c', 'increment');
	batch(['c', 'decrement', 3], ['c', 'increment', 1]);
	emit('c', 'created', 9);
	emit('c', 'set', 2);
	expect(seen).toEqual([5, 6, 4, 2]);
});

it('goes on without a gap in the list of watchers when one throws', () => {
	const report = vi.spyOn(console, 'error').mockImplementation(() => {});
	const store = count('c');
	let armed = false;
	store.subscribe(() => {
		if (armed) throw new Error('mine');
	});
	const { seen } = watch(store);
	armed = true;
	emit('c', 'increment');
	emit('c', 'increment');
	expect(seen).toEqual([0, 1, 2]);
	expect(report).toHaveBeenCalledTimes(2);
	report.mockRestore();
});
