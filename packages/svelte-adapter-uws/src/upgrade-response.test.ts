import { expect, it } from 'vitest';
import { upgradeResponse as fromMain } from './index.ts';
import { upgradeResponse } from './upgrade-response.ts';

it('is the same at both entries', () => {
	expect(fromMain).toBe(upgradeResponse);
});

it('has the fields by which servers know it', () => {
	expect(upgradeResponse({ id: 1 }, { 'x-a': ['1', '2'] })).toEqual({
		__upgradeResponse: true,
		userData: { id: 1 },
		headers: { 'x-a': ['1', '2'] }
	});
});
