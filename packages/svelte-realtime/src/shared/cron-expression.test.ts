import { expect, it } from 'vitest';
import { parseCron } from './cron-expression.ts';

it.each([
	['* * * * *', '0 * * * * *'],
	['  */5\t* * * *  ', '0 */5 * * * *'],
	['5/15 * * * *', '0 5-59/15 * * * *'],
	['10 1-5,10 * * *', '0 10 1-5,10 * * *'],
	['10-30/5,45 * * * * *', '10-30/5,45 * * * * *'],
	['0 9 * JAN,mar-May mon-FRI', '0 0 9 * 1,3-5 1-5'],
	['0 0 * * 7', '0 0 0 * * 7'],
	['0 0 * * 5-7', '0 0 0 * * 5-7'],
	['0 0 * * 7/2', '0 0 0 * * 7'],
	['0 0 * * 1/2', '0 0 0 * * 1-6/2'],
	['0 0 29 2 *', '0 0 0 29 2 *'],
	['0 0 31 2 MON', '0 0 0 31 2 1'],
	['@hourly', '0 0 * * * *'],
	['@Weekly', '0 0 0 * * 0'],
	['@yearly', '0 0 0 1 1 *']
])('reads %j', (text, pattern) => expect(parseCron(text).pattern).toBe(pattern));

it.each([
	['', /5 fields/],
	['* * * *', /5 fields/],
	['* * * * * * *', /5 fields/],
	['60 * * * *', /60 is no minute. They go from 0 to 59/],
	['* 24 * * *', /24 is no hour/],
	['* * 0 * *', /0 is no day of month/],
	['* * 32 * *', /32 is no day of month/],
	['* * * 13 *', /13 is no month/],
	['* * * * 8', /8 is no weekday/],
	['60 * * * * *', /60 is no second/],
	['*/0 * * * *', /step/],
	['*/60 * * * *', /step/],
	['5-1 * * * *', /ends before it begins/],
	['0 0 * * FRI-MON', /ends before it begins/],
	['0 0 * FOO *', /FOO is no month/],
	['MON * * * *', /MON is no minute/],
	['1x * * * *', /"1x" is no minute/],
	['1,,2 * * * *', /"" is no minute/],
	['1, * * * *', /"" is no minute/],
	['-1 * * * *', /"-1" is no minute/],
	['1-2-3 * * * *', /"1-2-3" is no minute/],
	['1/2/3 * * * *', /"1\/2\/3" is no minute/],
	['*-5 * * * *', /is no minute/],
	['@reboot', /@reboot is no macro. There are @yearly/],
	['@daily x', /5 fields/],
	['0 0 31 2,4 *', /never run/]
])('refuses %j with what is wrong', (text, message) => {
	expect(() => parseCron(text)).toThrow(message);
	expect(() => parseCron(text)).toThrow(RangeError);
});

it('knows which expressions name hours', () => {
	expect(['* * * * *', '*/5 */2 * * *', '0 3 * * *', '0 0-5 * * *'].map((text) => parseCron(text).hasHours)).toEqual([
		false,
		false,
		true,
		true
	]);
});
