import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createClock } from './clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MONTH = 30 * 86_400_000;

it('waits as long as it is told, also longer than a timer of a browser can', () => {
	const clock = createClock();
	const ran: string[] = [];
	clock.after(MONTH, () => ran.push('month'));
	clock.after(Infinity, () => ran.push('never'));
	vi.advanceTimersByTime(MONTH - 1);
	expect(ran).toEqual([]);
	vi.advanceTimersByTime(1);
	expect(ran).toEqual(['month']);
	vi.advanceTimersByTime(12 * MONTH);
	expect(ran).toEqual(['month']);
});

it('can be stopped at any time', () => {
	const clock = createClock();
	let runs = 0;
	const stop = clock.after(MONTH, () => runs++);
	vi.advanceTimersByTime(MONTH - 1);
	stop();
	vi.advanceTimersByTime(MONTH);
	expect([runs, vi.getTimerCount()]).toEqual([0, 0]);
});

it('never goes back', () => {
	const clock = createClock();
	vi.setSystemTime(5_000);
	expect(clock.now()).toBe(5_000);
	vi.setSystemTime(1_000);
	expect(clock.now()).toBe(5_000);
});
