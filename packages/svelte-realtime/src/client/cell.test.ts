import { expect, it } from 'vitest';
import { createCell } from './cell.ts';

it('gives its value at once, and again whenever it changes', () => {
	const cell = createCell(1);
	const seen: number[] = [];
	const unsubscribe = cell.subscribe((value) => seen.push(value));
	cell.set(2);
	cell.set(2);
	unsubscribe();
	cell.set(3);
	expect(seen).toEqual([1, 2]);
	expect(cell.value).toBe(3);
});

it('leaves every watcher with the newest value when one of them sets the cell', () => {
	const cell = createCell(0);
	const last: number[] = [];
	cell.subscribe((value) => {
		last[0] = value;
		if (value === 1) cell.set(2);
	});
	cell.subscribe((value) => (last[1] = value));
	cell.set(1);
	expect(last).toEqual([2, 2]);
});

it('tells the others when one watcher throws, and reports the error as uncaught', async () => {
	const cell = createCell(0);
	const seen: number[] = [];
	const uncaught: unknown[] = [];
	const listeners = process.listeners('uncaughtException');
	process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => uncaught.push(error));
	try {
		cell.subscribe((value) => {
			if (value === 1) throw new Error('broken watcher');
		});
		cell.subscribe((value) => seen.push(value));
		cell.set(1);
		await expect.poll(() => uncaught).toEqual([new Error('broken watcher')]);
	} finally {
		process.removeAllListeners('uncaughtException');
		for (const listener of listeners) process.on('uncaughtException', listener);
	}
	expect(seen).toEqual([0, 1]);
});

it('does not call a watcher that another one has just removed', () => {
	const cell = createCell(0);
	let stop = (): void => {};
	const seen: number[] = [];
	cell.subscribe(() => stop());
	stop = cell.subscribe((value) => seen.push(value));
	cell.set(1);
	expect(seen).toEqual([0]);
});

it('has nobody watching whose first look failed', () => {
	const cell = createCell(0);
	let looks = 0;
	const run = (): void => {
		looks++;
		throw new Error('cannot be shown');
	};
	expect(() => cell.subscribe(run)).toThrow('cannot be shown');
	cell.set(1);
	expect(looks).toBe(1);
});
