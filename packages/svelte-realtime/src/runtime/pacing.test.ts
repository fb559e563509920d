import { manualClock } from 'svelte-adapter-uws/testing';
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../shared/limits.ts';
import { Pacing } from './pacing.ts';

const MAX_PACED = DEFAULT_LIMITS.maxPacedPublishes;

function pacing() {
	const clock = manualClock();
	const sent: unknown[] = [];
	const failed: unknown[] = [];
	const warned: string[] = [];
	const made = new Pacing({
		clock,
		limits: () => DEFAULT_LIMITS,
		failed: (error) => failed.push(error),
		warn: (message) => warned.push(message)
	});
	const publish = (data: unknown): boolean => sent.push([clock.now(), data]) > 0;
	const start = clock.now();
	return {
		pacing: made,
		clock,
		failed,
		warned,
		publish,
		sent: () => sent.map((entry) => [(entry as [number, unknown])[0] - start, (entry as [number, unknown])[1]])
	};
}

it('throttles: at once, then the newest of each window, never two closer than the window', () => {
	const p = pacing();
	for (let t = 0; t < 250; t += 20) {
		p.pacing.throttle('k', t, 100, p.publish);
		p.clock.advance(20);
	}
	p.clock.advance(1000);
	expect(p.sent()).toEqual([
		[0, 0],
		[100, 80],
		[200, 180],
		[300, 240]
	]);
	p.pacing.throttle('k', 'fresh', 100, p.publish);
	expect(p.sent().at(-1)?.[1]).toBe('fresh');
});

it('sends undefined and null at the end of a window like everything else', () => {
	const p = pacing();
	p.pacing.throttle('k', 1, 100, p.publish);
	p.pacing.throttle('k', undefined, 100, p.publish);
	p.clock.advance(100);
	p.pacing.throttle('k', null, 100, p.publish);
	p.clock.advance(100);
	expect(p.sent()).toEqual([
		[0, 1],
		[100, undefined],
		[200, null]
	]);
});

it('debounces: the newest once nothing has come for a while', () => {
	const p = pacing();
	for (const n of [1, 2, 3]) {
		p.pacing.debounce('k', n, 100, p.publish);
		p.clock.advance(60);
	}
	expect(p.sent()).toEqual([]);
	p.clock.advance(40);
	expect(p.sent()).toEqual([[220, 3]]);
});

it('throws for data that cannot travel at the call, and reports what fails later', () => {
	const p = pacing();
	p.pacing.throttle('k', 1, 100, p.publish);
	expect(() => p.pacing.throttle('k', 1n, 100, p.publish)).toThrow(TypeError);
	expect(() => p.pacing.debounce('k', 1n, 100, p.publish)).toThrow(TypeError);
	p.pacing.debounce('d', 1, 100, () => {
		throw new Error('closed');
	});
	p.clock.advance(100);
	expect(p.failed).toEqual([new Error('closed')]);
});

it('holds nothing back once too many wait', () => {
	const p = pacing();
	for (let i = 0; i < MAX_PACED; i++) p.pacing.debounce(`k${i}`, i, 100, p.publish);
	p.pacing.debounce('one more', 'now', 100, p.publish);
	expect(p.sent()).toEqual([[0, 'now']]);
	for (let i = 0; i < MAX_PACED; i++) p.pacing.throttle(`k${i}`, i, 100, () => true);
	p.pacing.throttle('one more', 'a', 100, p.publish);
	p.pacing.throttle('one more', 'b', 100, p.publish);
	expect(p.sent().map(([, data]) => data)).toEqual(['now', 'a', 'b']);
});

it('drops what waits, and its timers, when it ends', () => {
	const p = pacing();
	p.pacing.throttle('k', 1, 100, p.publish);
	p.pacing.throttle('k', 2, 100, p.publish);
	p.pacing.debounce('k', 3, 100, p.publish);
	p.pacing[Symbol.dispose]();
	p.clock.advance(1000);
	expect(p.sent()).toEqual([[0, 1]]);
});

it('skips while a key is cooling down', () => {
	const p = pacing();
	expect(p.pacing.skip('a', 100)).toBe(false);
	expect(p.pacing.skip('a', 100)).toBe(true);
	expect(p.pacing.skip('b', 100)).toBe(false);
	p.clock.advance(100);
	expect(p.pacing.skip('a', 100)).toBe(false);
	for (const [key, ms] of [
		[1, 100],
		['a', 0],
		['a', Number.NaN],
		['a', Infinity],
		['a', '5']
	])
		expect(() => p.pacing.skip(key, ms)).toThrow(expect.objectContaining({ code: 'INVALID_ARG' }));
});

it('lets every new key pass when it holds too many that cool down, and says so once', () => {
	const p = pacing();
	for (let i = 0; i < MAX_PACED; i++) p.pacing.skip(`k${i}`, 100);
	expect([p.pacing.skip('more', 100), p.pacing.skip('more', 100), p.pacing.skip('k0', 100)]).toEqual([false, false, true]);
	expect(p.warned).toHaveLength(1);
	p.clock.advance(100);
	expect([p.pacing.skip('more', 100), p.pacing.skip('more', 100)]).toEqual([false, true]);
});
