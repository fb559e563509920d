import { expect, it } from 'vitest';
import { createRandomId } from './random-id.ts';

it('gives ids of letters and digits that do not repeat, across refills of the pool', () => {
	const randomId = createRandomId();
	const ids = Array.from({ length: 1000 }, randomId);
	expect(ids.every((id) => /^[a-z2-7]{16}$/.test(id))).toBe(true);
	expect(new Set(ids).size).toBe(1000);
});
