import { expect, it } from 'vitest';
import { retryHint, withRetryHint } from './retry-hint.ts';

it('reads back what it wrote, and fits into a close frame', () => {
	for (const ms of [0, 1, 999.6, 30_000]) expect(retryHint(withRetryHint('Server shutting down', ms))).toBe(Math.round(ms));
	expect(withRetryHint('Server shutting down', 30_000).length).toBeLessThan(123);
});

it.each(['', 'Server shutting down', 'retry in 5 ms', '; retry in -5 ms', '; retry in 5 ms, please', '; retry in 1e3 ms'])(
	'finds no hint in %j',
	(reason) => expect(retryHint(reason)).toBeUndefined()
);
