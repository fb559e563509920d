import { expect, it } from 'vitest';
import { CLOSE_CODES, classifyCloseCode } from './close-codes.ts';

it('ends a client for good on policy, sign-out and forbidden', () => {
	for (const code of [CLOSE_CODES.POLICY, CLOSE_CODES.UNAUTHORIZED, CLOSE_CODES.FORBIDDEN])
		expect(classifyCloseCode(code)).toBe('TERMINAL');
});

it('sends a throttled client to the end of the queue', () => {
	expect(classifyCloseCode(CLOSE_CODES.THROTTLED)).toBe('THROTTLE');
});

it.each([0, 1000, 1001, 1005, 1006, 1009, 1011, 1012, 3000, 4000, 4402, 4999])('lets a client come back after %i', (code) => {
	expect(classifyCloseCode(code)).toBe('RETRY');
});
