import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCron } from '../shared/cron-expression.ts';
import { loadSchedule } from './schedule.ts';

const at = (text: string): number => Date.parse(text);
const show = (time: number): string => (Number.isFinite(time) ? new Date(time).toISOString().slice(0, 19) + 'Z' : String(time));

async function times(text: string, zone: string, from: string, count: number): Promise<string[]> {
	const schedule = await loadSchedule(parseCron(text), zone);
	const found: string[] = [];
	for (let time = at(from); found.length < count; found.push(show(time))) time = schedule.next(time);
	return found;
}

/** Each line is a case of the tables of times around a change of the clocks. */
it.each([
	// New York sets its clocks forward from 2:00 to 3:00 on March 8th, and back from 2:00 to 1:00 on November 1st 2026.
	['30 2 * * *', 'America/New_York', '2026-03-07T12:00Z', ['2026-03-08T07:00:00Z', '2026-03-09T06:30:00Z']],
	['30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', ['2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z']],
	['30 1,5 * * *', 'America/New_York', '2026-11-01T00:00Z', ['2026-11-01T05:30:00Z', '2026-11-01T10:30:00Z']],
	[
		'*/30 1 * * *',
		'America/New_York',
		'2026-11-01T00:00Z',
		['2026-11-01T05:00:00Z', '2026-11-01T05:30:00Z', '2026-11-02T06:00:00Z']
	],
	[
		'30 * * * *',
		'America/New_York',
		'2026-11-01T05:00Z',
		['2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z', '2026-11-01T07:30:00Z']
	],
	['30 * * * *', 'America/New_York', '2026-03-08T06:00Z', ['2026-03-08T06:30:00Z', '2026-03-08T07:30:00Z']],
	['0 0 * * *', 'America/New_York', '2026-11-01T00:00Z', ['2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z']],
	// Lord Howe moves by half an hour, Berlin in the other half of the year, India has half an hour always.
	['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00Z', ['2026-10-03T15:30:00Z', '2026-10-04T15:15:00Z']],
	['45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00Z', ['2026-04-04T14:45:00Z', '2026-04-05T15:15:00Z']],
	['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']],
	['0 * * * *', 'Asia/Kolkata', '2026-01-01T00:00Z', ['2026-01-01T00:30:00Z', '2026-01-01T01:30:00Z']],
	// The day or the weekday, when both are named.
	['0 0 15 * MON', 'UTC', '2026-01-11T00:00Z', ['2026-01-12T00:00:00Z', '2026-01-15T00:00:00Z', '2026-01-19T00:00:00Z']],
	['0 0 * * 7', 'UTC', '2026-01-01T00:00Z', ['2026-01-04T00:00:00Z', '2026-01-11T00:00:00Z']],
	['0 0 * * 0', 'UTC', '2026-01-01T00:00Z', ['2026-01-04T00:00:00Z', '2026-01-11T00:00:00Z']],
	['5/15 * * * *', 'UTC', '2026-01-01T00:36Z', ['2026-01-01T00:50:00Z', '2026-01-01T01:05:00Z']],
	['*/20 * * * * *', 'UTC', '2026-01-01T00:00Z', ['2026-01-01T00:00:20Z', '2026-01-01T00:00:40Z', '2026-01-01T00:01:00Z']],
	['0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']]
])('%s in %s after %s', async (text, zone, from, expected) => {
	expect(await times(text, zone, from, expected.length)).toEqual(expected);
});

it.each([
	['* * * * *', 'UTC', '2026-01-01T00:05:00Z', '2026-01-01T00:05:00Z'],
	['* * * * *', 'UTC', '2026-01-01T00:05:59.999Z', '2026-01-01T00:05:00Z'],
	['30 1 * * *', 'America/New_York', '2026-11-01T06:45:00Z', '2026-11-01T05:30:00Z'],
	['30 1,5 * * *', 'America/New_York', '2026-11-01T06:45:00Z', '2026-11-01T05:30:00Z'],
	['30 2 * * *', 'America/New_York', '2026-03-08T12:00:00Z', '2026-03-08T07:00:00Z']
])('knows the latest time of %s in %s until %s', async (text, zone, until, expected) => {
	expect(show((await loadSchedule(parseCron(text), zone)).latest(at(until)))).toBe(expected);
});

it('looks forward and back at the same times, wherever clocks are changed', async () => {
	const zones = [
		'UTC',
		'America/New_York',
		'Europe/Berlin',
		'Australia/Lord_Howe',
		'Asia/Kolkata',
		'America/Sao_Paulo',
		'Pacific/Apia'
	];
	const expressions = [
		'* * * * *',
		'*/7 * * * *',
		'30 * * * *',
		'30 1 * * *',
		'15,45 0-3 * * *',
		'30 1,5 * * *',
		'*/30 2 * * SUN',
		'0 0 * * *',
		'30 23 * * *',
		'0 */2 * * *',
		'59 59 1 1,15 * MON',
		'0 0 1 * *'
	];
	// Days around the changes of each of these zones, in several years.
	const changes = [
		'2026-03-08',
		'2026-11-01',
		'2026-03-29',
		'2026-10-25',
		'2026-04-05',
		'2026-10-04',
		'2018-11-04',
		'2018-02-18',
		'2011-12-30'
	];
	const DAY = 86_400_000;
	await fc.assert(
		fc.asyncProperty(
			fc.constantFrom(...zones),
			fc.constantFrom(...expressions),
			fc.constantFrom(...changes),
			fc.integer({ min: -2 * DAY, max: 2 * DAY }),
			async (zone, text, change, offset) => {
				const schedule = await loadSchedule(parseCron(text), zone);
				const from = at(change) + offset;
				const next = schedule.next(from);
				expect(next).toBeGreaterThan(from);
				expect([schedule.latest(next), schedule.latest(next + 1)]).toEqual([next, next]);
				const before = schedule.latest(next - 1);
				expect(before).toBeLessThanOrEqual(from);
				expect(schedule.next(before)).toBe(next);
			}
		),
		{ numRuns: 500 }
	);
});
