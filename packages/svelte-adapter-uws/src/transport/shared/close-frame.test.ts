import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitClose } from './close-frame.ts';

it('keeps what can travel', () => {
	for (const code of [1000, 1001, 1012, 3000, 4401, 4999]) expect(fitClose(code, 'why')).toEqual({ code, reason: 'why' });
	for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1.5, Number.NaN]) expect(fitClose(code, '').code).toBe(1000);
});

it('gives at most 123 bytes of well-formed text', () => {
	fc.assert(
		fc.property(fc.array(fc.nat(0xffff), { maxLength: 300 }), (units) => {
			const reason = String.fromCharCode(...units);
			const fitted = fitClose(1000, reason).reason;
			expect(reason.toWellFormed().startsWith(fitted)).toBe(true);
			expect(new TextEncoder().encode(fitted).length).toBeLessThanOrEqual(123);
			expect(fitted.isWellFormed()).toBe(true);
		})
	);
});
