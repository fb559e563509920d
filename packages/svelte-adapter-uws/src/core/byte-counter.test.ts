import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteCounter } from './byte-counter.ts';

it('counts what an encoder writes', () => {
	const bytes = new ByteCounter();
	fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => bytes.count(text) === new TextEncoder().encode(text).length));
});

it('counts text that is longer than its memory, without cutting a character', () => {
	const bytes = new ByteCounter();
	for (const unit of ['a', 'é', '€', '😀', 'a😀']) {
		const text = `x${unit.repeat(40_000)}`;
		expect(bytes.count(text)).toBe(new TextEncoder().encode(text).length);
	}
});

it('takes bytes for what they are', () => {
	expect(new ByteCounter().count(new Uint8Array(7))).toBe(7);
});
