import { expect, it, vi } from 'vitest';
import { TestClock } from '../../test/support/clock.ts';
import { inSlices } from './slices.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, index) => index);

it('does what fits into one slice at once', () => {
	const clock = new TestClock();
	const done: number[] = [];
	void inSlices(count(1000), (item) => void done.push(item), { clock, withinMs: Infinity });
	expect([done.length, clock.pending]).toEqual([1000, 0]);
});

it('pauses between slices, and leaves nobody out', async () => {
	const clock = new TestClock();
	const done: number[] = [];
	const all = inSlices(count(2500), (item) => void done.push(item), { clock, withinMs: Infinity });
	for (const expected of [1000, 2000, 2500]) {
		await vi.waitFor(() => expect(done.length).toBe(expected));
		clock.pass(100);
	}
	await all;
	expect(done).toEqual(count(2500));
});

it('takes larger slices when time is short', async () => {
	const clock = new TestClock();
	let done = 0;
	const all = inSlices(count(100_000), () => done++, { clock, withinMs: 1000 });
	let elapsed = 0;
	for (let before = done; done < 100_000; before = done) {
		clock.pass(100);
		elapsed += 100;
		await vi.waitFor(() => expect(done).toBeGreaterThan(before));
	}
	await all;
	expect(elapsed).toBeLessThanOrEqual(1000);
});
