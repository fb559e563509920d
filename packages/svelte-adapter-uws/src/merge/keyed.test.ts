import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKeyedReducer, keyedFrom } from './keyed.ts';
import { reduceAll } from './reduce-all.ts';

const row = fc.record(
	{ id: fc.oneof(fc.nat(4), fc.constantFrom('__proto__', 'constructor', 'a')), v: fc.nat(3) },
	{ requiredKeys: [] }
);
const events = fc.array(
	fc.record({
		event: fc.constantFrom('created', 'updated', 'deleted', 'refreshed', 'toString'),
		data: fc.oneof(row, fc.constantFrom(null, 3))
	})
);

it('holds what a map of the same rows would hold, in batches of any size', () => {
	fc.assert(
		fc.property(fc.array(row), events, fc.nat(10), (start, script, cut) => {
			const map = new Map(start.filter((one) => one.id !== undefined).map((one) => [String(one.id), one]));
			for (const { event, data } of script) {
				const key = typeof data === 'object' && data !== null && data.id !== undefined ? String(data.id) : undefined;
				if (key === undefined) continue;
				if (event === 'deleted') map.delete(key);
				else if (event === 'created' || event === 'updated') map.set(key, data as (typeof start)[number]);
			}
			const reducer = createKeyedReducer();
			const frozen = Object.freeze(keyedFrom(start, 'id'));
			const state = reduceAll(reducer, reduceAll(reducer, frozen, script.slice(0, cut)), script.slice(cut));
			expect(new Map(Object.entries(state))).toEqual(map);
			expect(Object.getPrototypeOf(state)).toBeNull();
		})
	);
});

it('takes `__proto__` for a key like any other', () => {
	const { reduce } = createKeyedReducer('name');
	const state = reduce(keyedFrom([], 'name'), 'created', { name: '__proto__', admin: true });
	expect(state['admin']).toBeUndefined();
	expect(Object.keys(state)).toEqual(['__proto__']);
	expect(Object.keys(reduce(state, 'deleted', { name: '__proto__' }))).toEqual([]);
});

it('says nothing changed by giving the same object back', () => {
	const { reduce } = createKeyedReducer();
	const state = keyedFrom([{ id: 1 }], 'id');
	expect(reduce(state, 'deleted', { id: 2 })).toBe(state);
	expect(reduce(state, 'updated', state[1])).toBe(state);
	expect(reduce(state, 'renamed', { id: 1 })).toBe(state);
});
