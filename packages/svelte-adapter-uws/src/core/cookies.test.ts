import { expect, it } from 'vitest';
import type { CookieSerializeOptions } from '../contract/hooks.ts';
import { PendingCookies } from './cookies.ts';

it('reads what the client sent and what was set since', () => {
	const cookies = new PendingCookies('a=1; b=%C3%A9; a=2');
	expect([cookies.get('a'), cookies.get('b'), cookies.get('c'), cookies.get('__proto__')]).toEqual([
		'2',
		'é',
		undefined,
		undefined
	]);
	cookies.set('a', '3');
	cookies.delete('b');
	expect([cookies.get('a'), cookies.get('b')]).toEqual(['3', undefined]);
	cookies.set('c', 'x');
	expect(cookies.getAll()).toEqual([
		{ name: 'a', value: '3' },
		{ name: 'c', value: 'x' }
	]);
});

it('replaces a cookie of the same name, path and domain, and no other', () => {
	const cookies = new PendingCookies('');
	cookies.set('a', '1');
	cookies.set('a', '2', { path: '/admin' });
	cookies.set('a', '3', { domain: 'Example.com' });
	cookies.set('a', '4', { domain: 'example.com', path: '/' });
	cookies.set('a', '5', { path: '/' });
	expect([...cookies.lines]).toEqual(['a=2; Path=/admin', 'a=4; Domain=example.com; Path=/', 'a=5; Path=/']);
	expect(cookies.get('a')).toBe('5');
	cookies.delete('a');
	expect([...cookies.lines][2]).toBe('a=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT');
	expect(cookies.get('a')).toBeUndefined();
});

it.each<[CookieSerializeOptions, string]>([
	[{}, 'Path=/'],
	[{ path: '/a', domain: 'example.com' }, 'Domain=example.com; Path=/a'],
	[{ maxAge: 1.9 }, 'Max-Age=1; Path=/'],
	[{ maxAge: -0.5 }, 'Max-Age=-1; Path=/'],
	[{ expires: new Date(0) }, 'Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
	[{ httpOnly: true, secure: true, partitioned: true }, 'Path=/; HttpOnly; Secure; Partitioned'],
	[{ httpOnly: false, secure: false }, 'Path=/'],
	[{ sameSite: true }, 'Path=/; SameSite=Strict'],
	[{ sameSite: false }, 'Path=/; SameSite=Lax'],
	[{ sameSite: 'None' }, 'Path=/; SameSite=None'],
	[{ sameSite: 'LAX' as 'Lax' }, 'Path=/; SameSite=Lax']
])('writes %j', (options, attributes) => {
	const cookies = new PendingCookies('');
	cookies.set('a', 'b', options);
	expect([...cookies.lines]).toEqual([`a=b; ${attributes}`]);
});

it('encodes values unless it is told not to', () => {
	const cookies = new PendingCookies('');
	cookies.set('a', 'é;"%');
	cookies.set('b', 'x=y%', { encode: false });
	expect([...cookies.lines]).toEqual(['a=%C3%A9%3B%22%25; Path=/', 'b=x=y%; Path=/']);
});

it.each<[string, unknown, CookieSerializeOptions, string]>([
	['a b', '', {}, 'a b'],
	['a=b', '', {}, 'a=b'],
	['', '', {}, ''],
	['a\r\nset-cookie: b', '', {}, 'set-cookie'],
	['a', 1, {}, 'got number, expected a string'],
	['a', undefined, {}, 'got undefined, expected a string'],
	['a', 'x; Domain=evil.example', { encode: false }, 'value'],
	['a', 'x\r\ny', { encode: false }, 'value'],
	['a', '', { path: '/;secure' }, 'path is "/;secure", expected'],
	['a', '', { path: '/ a' }, 'path is "/ a", expected'],
	['a', '', { path: '/a\nb' }, 'path is "/a\\nb", expected'],
	['a', '', { path: 5 as never }, 'path is 5, expected'],
	['a', '', { domain: 'a,b' }, 'domain is "a,b", expected'],
	['a', '', { domain: 'a\r\nb' }, 'domain is'],
	['a', '', { domain: {} as never }, 'domain is {}, expected'],
	['a', '', { maxAge: NaN }, 'maxAge is "NaN", expected a number of seconds'],
	['a', '', { maxAge: Infinity }, 'maxAge is "Infinity"'],
	['a', '', { maxAge: '5' as never }, 'maxAge is "5"'],
	['a', '', { expires: new Date(NaN) }, 'expires'],
	['a', '', { expires: 'tomorrow' as never }, 'expires'],
	['a', '', { sameSite: 'loose' as never }, 'sameSite is "loose", expected true, false,']
])('refuses %j = %j with %j', (name, value, options, reason) => {
	const cookies = new PendingCookies('');
	const set = (): void => cookies.set(name, value as string, options);
	expect(set).toThrow(TypeError);
	expect(set).toThrow(reason);
	expect(set).toThrow(`cookies.set('${name}'`);
	expect([...cookies.lines, ...cookies.getAll()]).toEqual([]);
});
