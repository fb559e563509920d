import { expect, it } from 'vitest';
import { createCountReducer } from './count.ts';

it.each([
	['set', 5, 5],
	['set', '5', 1],
	['set', undefined, 1],
	['set', Number.NaN, 1],
	['increment', undefined, 2],
	['increment', 4, 5],
	['increment', null, 2],
	['increment', Number.POSITIVE_INFINITY, 2],
	['decrement', 3, -2],
	['decrement', { by: 2 }, 0],
	['created', 9, 1],
	['__proto__', 9, 1]
])('takes %s with %j from 1 to %d', (event, data, expected) => {
	expect(createCountReducer().reduce(1, event, data)).toBe(expected);
});
