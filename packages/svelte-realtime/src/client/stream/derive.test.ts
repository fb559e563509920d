import type { Readable } from 'svelte-adapter-uws/contract';
import { expect, it, vi } from 'vitest';
import { connected, created } from '../../../test/client/todo-stream.ts';
import { createCell } from '../cell.ts';
import { rune } from '../svelte.ts';
import { combine, map, when } from './derive.ts';

/** A cell that counts who follows it. */
function watched<T>(initial: T) {
	const cell = createCell(initial);
	const state = { followers: 0 };
	const store: Readable<T> = {
		subscribe(run) {
			state.followers++;
			const stop = cell.subscribe(run);
			return () => {
				state.followers--;
				stop();
			};
		}
	};
	return { cell, state, store };
}
const seenOf = <T>(store: Readable<T>) => {
	const seen: T[] = [];
	const stop = store.subscribe((value) => seen.push(value));
	return { seen, stop };
};

it('follows a store only while a condition holds', () => {
	const { store, cell, state } = watched(1);
	const on = createCell<unknown>(false);
	const { seen, stop } = seenOf(when(store, on));
	expect([seen, state.followers]).toEqual([[undefined], 0]);
	on.set('yes');
	cell.set(2);
	on.set(true);
	on.set(0);
	cell.set(3);
	expect([seen, state.followers]).toEqual([[undefined, 1, 2, undefined], 0]);
	on.set(1);
	stop();
	expect([seen.at(-1), state.followers]).toEqual([3, 0]);
	on.set(0);
	on.set(1);
	expect([seen.length, state.followers]).toEqual([5, 0]);
});

it('takes fixed answers, and asks functions at each subscribe', () => {
	const { store, state } = watched(1);
	let yes = false;
	const asked = when(store, () => yes);
	expect(seenOf(asked).seen).toEqual([undefined]);
	yes = true;
	const { seen, stop } = seenOf(asked);
	expect(seen).toEqual([1]);
	stop();
	expect(seenOf(when(store, true)).seen).toEqual([1]);
	expect(seenOf(when(store, false)).seen).toEqual([undefined]);
	expect(state.followers).toBe(1);
});

it('maps lists, again and again, and only when somebody looks', () => {
	const { store, cell, state } = watched<number[] | undefined | string>([1, 2]);
	const change = vi.fn((n: number, i: number) => n * 10 + i);
	const mapped = map(store, change);
	expect([change.mock.calls.length, state.followers]).toEqual([0, 0]);
	const { seen, stop } = seenOf(mapped.map((n) => `${n}`));
	cell.set(undefined);
	expect(seen).toEqual([['10', '21'], []]);
	const warn = vi.spyOn(console, 'warn').mockReturnValue();
	cell.set('no list');
	cell.set('no list either');
	expect(warn).toHaveBeenCalledOnce();
	warn.mockRestore();
	stop();
	expect(state.followers).toBe(0);
});

it('gives a rune that Svelte 5 reads', () => {
	const { store } = watched(7);
	expect(rune(store).current).toBe(7);
	expect(map(watched([1]).store, (n: number) => n + 1).rune().current).toEqual([2]);
});

it('combines stores, tells each result once, and follows them only while it is followed', () => {
	const [a, b] = [watched(1), watched('x')];
	const both = combine(a.store, b.store, (n, text) => `${text}${n % 2}`);
	expect(a.state.followers).toBe(0);
	const { seen, stop } = seenOf(both);
	a.cell.set(3);
	b.cell.set('y');
	a.cell.set(4);
	expect(seen).toEqual(['x1', 'y1', 'y0']);
	stop();
	expect([a.state.followers, b.state.followers]).toEqual([0, 0]);
	for (const wrong of [
		[a.store, () => 1],
		[a.store, b.store],
		[a.store, 7, () => 1]
	])
		expect(() => (combine as (...parts: unknown[]) => unknown)(...wrong)).toThrow('combine()');
});

it('takes back and shows again what a page has seen', async () => {
	const { client, stream, values } = await connected();
	expect(stream.undo()).toBe(false);
	client.frame(created(2));
	client.frame(created(3));
	const ids = (): number[] => (values.at(-1) as { id: number }[]).map(({ id }) => id);
	expect([stream.undo(), ids(), stream.canUndo, stream.canRedo].slice(0, 2)).toEqual([true, [1, 2]]);
	expect([stream.undo(), stream.undo(), ids()]).toEqual([true, false, [1]]);
	expect([stream.redo(), ids()]).toEqual([true, [1, 2]]);
	client.frame(created(9));
	expect([stream.redo(), ids()]).toEqual([false, [1, 2, 9]]);
	stream.pauseHistory();
	client.frame(created(10));
	client.frame(created(11));
	stream.resumeHistory();
	expect([stream.undo(), ids()]).toEqual([true, [1, 2, 9]]);
	const told: boolean[][] = [];
	stream.canUndo.subscribe((can) => told.push([can]))();
	stream.canRedo.subscribe((can) => told.push([can]))();
	expect(told).toEqual([[true], [true]]);
});

it('keeps as many values as it may, and says which lists are too long for it', async () => {
	const { client, stream, values } = await connected();
	stream.enableHistory({ max: 2, maxItems: 3 });
	client.frame(created(2));
	client.frame(created(3));
	expect([stream.undo(), stream.undo()]).toEqual([true, false]);
	expect(stream.redo()).toBe(true);
	const warn = vi.spyOn(console, 'warn').mockReturnValue();
	client.frame(created(4));
	client.frame(created(5));
	expect(warn).toHaveBeenCalledOnce();
	warn.mockRestore();
	expect(stream.undo()).toBe(true);
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2 }]);
	expect(() => stream.enableHistory(0)).toThrow(RangeError);
});

it('shows the change of a call while it runs', async () => {
	const { stream, values } = await connected();
	const call = Promise.withResolvers<string>();
	const done = stream.createOptimistic(
		(_id: number, _n: string) => call.promise,
		[1, 'b'],
		(rows, [id, n]) => rows.map((row) => (row.id === id ? { ...row, n } : row))
	);
	expect(values.at(-1)).toEqual([{ id: 1, n: 'b' }]);
	call.reject(new Error('no'));
	await expect(done).rejects.toThrow('no');
	expect(values.at(-1)).toEqual([{ id: 1 }]);
	await expect(stream.createOptimistic(7 as never, [], { event: 'e', data: 1 })).rejects.toMatchObject({
		code: 'INVALID_REQUEST'
	});
	await expect(stream.createOptimistic(() => 1, 7 as never, { event: 'e', data: 1 })).rejects.toThrow('list');
	await expect(stream.createOptimistic(() => 1, [], undefined as never)).rejects.toThrow('change');
});

it('follows nothing when the first value cannot be shown, so that nothing is left behind', () => {
	const { store, cell, state } = watched(1);
	const fails = (): never => {
		throw new Error('no such field');
	};
	for (const broken of [combine(store, store, fails), map(createCell([1]), fails)])
		expect(() => broken.subscribe(() => {})).toThrow('no such field');
	expect(state.followers).toBe(0);
	const { seen, stop } = seenOf(combine(store, store, (a, b) => a + b));
	cell.set(2);
	stop();
	expect([seen, state.followers]).toEqual([[2, 3, 4], 0]);
});
