import fc from 'fast-check';
import { manualClock } from 'svelte-adapter-uws/testing';
import { expect, it } from 'vitest';
import { parseCron } from '../shared/cron-expression.ts';
import { loadSchedule } from './schedule.ts';
import { Ticker } from './ticker.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-01-01T00:00:30Z');

/** A ticker of every minute, on a clock of the machine that a test can set. */
async function setUp(text = '* * * * *') {
	const clock = manualClock();
	const set = { by: 0 };
	const date = (): number => START + clock.now() + set.by;
	const told: string[] = [];
	const schedule = await loadSchedule(parseCron(text), 'UTC');
	const ticker = new Ticker({ after: clock.after, date }, schedule, (time) =>
		told.push(new Date(time).toISOString().slice(11, 19))
	);
	return { clock, set, told, ticker, date };
}

it('tells each time once, at that time, and leaves no timer behind', async () => {
	const { clock, told, ticker } = await setUp();
	clock.advance(29_999);
	expect(told).toEqual([]);
	clock.advance(1);
	expect(told).toEqual(['00:01:00']);
	clock.advance(2 * MINUTE);
	expect(told).toEqual(['00:01:00', '00:02:00', '00:03:00']);
	ticker[Symbol.dispose]();
	expect(clock.pending).toBe(0);
});

it('does not tell a time that its timer came too early for', async () => {
	const { clock, set, told } = await setUp();
	clock.advance(29_990);
	set.by = -5;
	clock.advance(10);
	expect(told).toEqual([]);
	clock.advance(5);
	expect(told).toEqual(['00:01:00']);
});

it('tells the last of the times that passed in its sleep', async () => {
	const { clock, set, told } = await setUp();
	set.by = 10 * MINUTE;
	clock.advance(MINUTE);
	expect(told[0]).toBe('00:11:00');
	expect(new Set(told).size).toBe(told.length);
});

it('tells nothing twice when the clock is set back a little, and begins anew when it is set back far', async () => {
	const { clock, set, told } = await setUp();
	clock.advance(5 * MINUTE);
	const before = told.length;
	set.by = -2 * MINUTE;
	clock.advance(2 * MINUTE - 1);
	expect(told.length).toBe(before);
	clock.advance(MINUTE);
	expect(told.at(-1)).toBe('00:06:00');
	set.by = -10 * 365 * 24 * 60 * MINUTE;
	clock.advance(3 * MINUTE);
	expect(told.length).toBeGreaterThan(before + 2);
});

it('waits for years without a tick too many', async () => {
	const { clock, told } = await setUp('0 0 29 2 *');
	clock.advance(Date.parse('2026-03-01') - START);
	expect(told).toEqual([]);
});

it('tells no time early or twice, and none of an awake process late, however its clock is set', async () => {
	const schedule = await loadSchedule(parseCron('* * * * *'), 'UTC');
	const move = fc.record({
		pass: fc.integer({ min: 0, max: 90_000 }),
		set: fc.constantFrom(0, 0, 0, 5, -5, 900, -900, 600_000, -600_000)
	});
	fc.assert(
		fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
			const clock = manualClock();
			let by = 0;
			const date = (): number => START + clock.now() + by;
			const told: number[] = [];
			const ticker = new Ticker({ after: clock.after, date }, schedule, (time) => {
				expect(time).toBeLessThanOrEqual(date());
				expect(date() - time).toBeLessThan(MINUTE);
				told.push(time);
			});
			for (const { pass, set } of moves) {
				by += set;
				clock.advance(pass);
			}
			for (const [i, time] of told.slice(1).entries()) expect(time).toBeGreaterThan(told[i]!);
			ticker[Symbol.dispose]();
			expect(clock.pending).toBe(0);
		})
	);
});
