import { expect, it } from 'vitest';
import { requestId } from './request-id.ts';

it.each([' abc-1 ', '!', '~'.repeat(128)])('keeps %j', (given) => expect(requestId(given, () => 'fresh')).toBe(given.trim()));

it.each(['', '   ', 'a b', 'ä', 'a\u007f', 'x'.repeat(129)])('replaces %j', (given) =>
	expect(requestId(given, () => 'fresh')).toBe('fresh')
);
