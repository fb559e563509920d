import { expect, it } from 'vitest';
import { memoryLog } from '../../test/support/log.ts';
import { ResponseHeaders } from './response-headers.ts';

it('gives one line a value, in order', () => {
	expect(new ResponseHeaders(memoryLog()).from({ 'x-a': '1', 'x-b': ['2', '3'] })).toEqual([
		['x-a', '1'],
		['x-b', '2'],
		['x-b', '3']
	]);
});

it.each([{ 'x-a': '1\r\nset-cookie: a=b' }, { 'x a': '1' }, { '': '1' }, { 'x-a': '\0' }, { 'x:': '1' }] as Record<
	string,
	string
>[])('refuses %j', (headers) => {
	expect(() => new ResponseHeaders(memoryLog()).from(headers)).toThrow(TypeError);
});

it('says once that a cookie does not belong on the 101', () => {
	const log = memoryLog();
	const headers = new ResponseHeaders(log);
	for (let i = 0; i < 2; i++) headers.from({ 'Set-Cookie': ['a=b', 'c=d'] });
	expect(log.lines).toHaveLength(1);
	expect(log.lines[0]![1]).toMatch(/authenticate/);
});
