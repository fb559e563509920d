import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { TestClock } from '../../test/support/clock.ts';
import { TimeoutError, within } from './within.ts';

const NEVER = new Promise<never>(() => {});

it('gives what the work gives, and leaves nothing behind', async () => {
	const clock = new TestClock();
	const { signal } = new AbortController();
	expect(await within(clock, 10, Promise.resolve(1), signal)).toBe(1);
	await expect(within(clock, 10, Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
	expect([clock.pending, getEventListeners(signal, 'abort')]).toEqual([0, []]);
});

it('rejects after the time, and forgets what comes later', async () => {
	const clock = new TestClock();
	let fail = (_: Error): void => {};
	const result = within(clock, 10, new Promise((_, reject) => (fail = reject)));
	clock.pass(10);
	await expect(result).rejects.toThrow(new TimeoutError(10));
	fail(new Error('too late'));
});

it('has no limit at 0', async () => {
	const clock = new TestClock();
	void within(clock, 0, NEVER);
	expect(clock.pending).toBe(0);
});

it.each(['before', 'while'] as const)('rejects with the reason when the signal aborts %s', async (when) => {
	const clock = new TestClock();
	const abort = new AbortController();
	if (when === 'before') abort.abort(new Error('left'));
	const result = within(clock, 0, NEVER, abort.signal);
	abort.abort(new Error('left'));
	await expect(result).rejects.toThrow('left');
	expect(clock.pending).toBe(0);
});
