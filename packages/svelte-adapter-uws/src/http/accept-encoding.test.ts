import fc from 'fast-check';
import { expect, it } from 'vitest';
import { accepts } from './accept-encoding.ts';

it.each([
	['br', 'br', true],
	['gzip, deflate, br, zstd', 'br', true],
	['gzip, deflate, br, zstd', 'gzip', true],
	['BR', 'br', true],
	[' gzip ;q=0.5, br;q=0', 'br', false],
	['br;q=0.0', 'br', false],
	['br;q=0.001', 'br', true],
	['br; Q=1', 'br', true],
	['br;q=', 'br', false],
	['br;q=much', 'br', false],
	['br;level=4', 'br', true],
	['brotli, xbr, br2', 'br', false],
	['*', 'br', false],
	['', 'br', false],
	[',,;q=1', 'br', false]
])('reads %j for %s as %s', (header, coding, expected) => expect(accepts(header, coding)).toBe(expected));

it('finds a coding exactly where a list names it with a quality above zero', () => {
	const entry = fc.record({
		name: fc.constantFrom('br', 'gzip', 'zstd', 'deflate', 'identity', '*'),
		q: fc.option(fc.integer({ min: 0, max: 1000 })),
		pad: fc.constantFrom('', ' ', '\t')
	});
	fc.assert(
		fc.property(fc.uniqueArray(entry, { selector: (one) => one.name, maxLength: 6 }), (entries) => {
			const header = entries
				.map(({ name, q, pad }) => `${pad}${name}${pad}${q === null ? '' : `;${pad}q=${(q / 1000).toFixed(3)}`}`)
				.join(',');
			for (const coding of ['br', 'gzip'])
				expect(accepts(header, coding)).toBe(entries.some(({ name, q }) => name === coding && q !== 0));
		})
	);
});

it('never throws', () => {
	fc.assert(fc.property(fc.string(), (header) => void accepts(header, 'br')));
});
