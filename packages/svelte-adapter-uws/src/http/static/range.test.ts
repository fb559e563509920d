import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowsRange, matchesEtag, parseRange } from './range.ts';

describe('Range', () => {
	it.each([
		['bytes=0-4', 10, { start: 0, end: 4 }],
		['bytes=5-', 10, { start: 5, end: 9 }],
		['bytes=-3', 10, { start: 7, end: 9 }],
		['bytes=-30', 10, { start: 0, end: 9 }],
		['bytes=0-99', 10, { start: 0, end: 9 }],
		['BYTES=0-0', 10, { start: 0, end: 0 }],
		['bytes=10-', 10, 'unsatisfiable'],
		['bytes=9223372036854775808-', 10, 'unsatisfiable'],
		['bytes=0-', 0, 'unsatisfiable'],
		['bytes=-1', 0, 'unsatisfiable'],
		['bytes=-0', 10, undefined],
		['bytes=-', 10, undefined],
		['bytes=5-2', 10, undefined],
		['bytes=0-1,3-4', 10, undefined],
		['bytes=0x1-2', 10, undefined],
		['bytes= 0-1', 10, undefined],
		['items=0-1', 10, undefined],
		['', 10, undefined]
	])('reads %j of %i bytes', (header, size, expected) => expect(parseRange(header, size)).toEqual(expected));

	it('always lies inside the body', () => {
		const text = fc.oneof(
			fc.string(),
			fc.tuple(fc.bigInt({ min: 0n }), fc.bigInt({ min: 0n })).map(([a, b]) => `bytes=${a}-${b}`),
			fc.nat(40).map((n) => `bytes=-${n}`)
		);
		fc.assert(
			fc.property(text, fc.nat(30), (header, size) => {
				const range = parseRange(header, size);
				if (typeof range !== 'object') return;
				expect(range.start).toBeGreaterThanOrEqual(0);
				expect(range.end).toBeGreaterThanOrEqual(range.start);
				expect(range.end).toBeLessThan(size);
			})
		);
	});
});

it.each([
	['', '"a"', true],
	['"a"', '"a"', true],
	['"b"', '"a"', false],
	['W/"a"', 'W/"a"', false],
	['Tue, 24 Nov 2026 09:30:13 GMT', '"a"', false]
])('lets a range through for If-Range %j and %j: %s', (ifRange, etag, expected) =>
	expect(allowsRange(ifRange, etag)).toBe(expected)
);

it.each([
	['"a"', true],
	['W/"a"', true],
	['"x", W/"a" , "y"', true],
	['*', true],
	[' * ', true],
	['a', false],
	['"A"', false],
	['"ab"', false],
	['', false]
])('compares If-None-Match %j with "a": %s', (header, expected) => expect(matchesEtag(header, '"a"')).toBe(expected));
