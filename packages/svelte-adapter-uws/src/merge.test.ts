import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createReducer, reduceAll, type MergeName, type MergeOptions } from './merge.ts';

const EVENTS = ['created', 'updated', 'deleted', 'join', 'leave', 'update', 'remove', 'set', 'refreshed', 'other'];
const id = fc.oneof(fc.nat(6), fc.constantFrom('__proto__', 'constructor', 'a', 'b', null, true));
// `JSON.parse` makes own `__proto__` fields, as a hostile frame does.
const row = fc.oneof(
	{ weight: 8, arbitrary: fc.record({ id, key: id, v: fc.nat(3) }, { requiredKeys: [] }) },
	fc.constantFrom(null, 1, 'x', [], JSON.parse('{"id":1,"key":1,"__proto__":{"polluted":1},"constructor":2}'))
);
const list = fc.array(row, { maxLength: 8 });
const event = fc.record({
	event: fc.constantFrom(...EVENTS),
	data: fc.oneof({ weight: 6, arbitrary: row }, { weight: 1, arbitrary: list })
});
const strategy = fc.record({
	name: fc.constantFrom<MergeName>('crud', 'latest', 'set', 'presence', 'cursor'),
	options: fc.record({ prepend: fc.boolean(), max: fc.nat(5), key: fc.constantFrom('id', 'v') }, { requiredKeys: [] })
});
const state = fc.oneof({ weight: 6, arbitrary: list }, { weight: 1, arbitrary: row }, fc.constant(undefined));

function freeze<T>(value: T): T {
	if (typeof value === 'object' && value !== null) for (const member of Object.values(Object.freeze(value))) freeze(member);
	return value;
}

it('gives the same state for all partitions into batches', () => {
	const script = fc.array(fc.array(event, { maxLength: 6 }), { maxLength: 6 });
	fc.assert(
		fc.property(strategy, state, script, ({ name, options }, start, batches) => {
			const events = batches.flat();
			const reducer = createReducer(name, options);
			const single = events.reduce((value: unknown, one) => reducer.reduce(value, one.event, one.data), start);
			const parts = batches.reduce((value: unknown, batch) => reduceAll(reducer, value, batch), start);
			expect(parts).toEqual(single);
			expect(reduceAll(createReducer(name, options), start, events)).toEqual(single);
		}),
		{ numRuns: 1000 }
	);
});

it('gives the same state from any earlier state, in any order of asking', () => {
	const branch = fc.record({ from: fc.nat(), events: fc.array(event, { maxLength: 3 }) });
	fc.assert(
		fc.property(strategy, state, fc.array(branch, { maxLength: 12 }), ({ name, options }, start, branches) => {
			const reducer = createReducer(name, options);
			const states = [start as unknown];
			for (const { from, events } of branches) {
				const base = states[from % states.length];
				const next = reduceAll(reducer, base, events);
				expect(next).toEqual(reduceAll(createReducer(name, options), base, events));
				states.push(next);
			}
		}),
		{ numRuns: 1000 }
	);
});

it('never changes what it was given', () => {
	fc.assert(
		fc.property(strategy, state, fc.array(event), ({ name, options }, start, events) => {
			reduceAll(createReducer(name, options), freeze(start), freeze(events));
		})
	);
});

it('gives the same reference back when nothing changed', () => {
	fc.assert(
		fc.property(fc.constantFrom<MergeName>('crud', 'presence', 'cursor'), state, fc.array(row), (name, start, data) => {
			const reducer = createReducer(name);
			expect(reducer.reduce(start, 'other', data[0])).toBe(start);
			expect(
				reduceAll(
					reducer,
					start,
					data.map((member) => ({ event: 'nothing', data: member }))
				)
			).toBe(start);
		})
	);
});

it.each([
	['crud', 'created'],
	['crud', 'updated'],
	['crud', 'deleted'],
	['presence', 'join'],
	['presence', 'leave'],
	['cursor', 'update'],
	['cursor', 'remove']
] as const)('%s: twice %s is as good as once', (name, one) => {
	fc.assert(
		fc.property(state, row, (start, data) => {
			const reducer = createReducer(name);
			const once = reducer.reduce(start, one, data);
			expect(reducer.reduce(once, one, structuredClone(data))).toEqual(once);
		})
	);
});

it('keeps lists free of rows with one key, whatever comes', () => {
	fc.assert(
		fc.property(fc.boolean(), fc.array(event), (prepend, events) => {
			const known = events.filter((one) => one.event !== 'refreshed');
			const ids = (reduceAll(createReducer('crud', { prepend }), [], known) as { id?: unknown }[]).map((member) => member.id);
			expect(new Set(ids).size).toBe(ids.length);
		})
	);
});

it('keeps own fields that could pass for a prototype out of rows', () => {
	const hostile = JSON.parse('{"id":1,"key":1,"__proto__":{"admin":true},"constructor":1,"prototype":1,"v":2}');
	const shapes: [MergeName, string, unknown][] = [
		['crud', 'created', hostile],
		['presence', 'join', hostile],
		['cursor', 'set', [hostile]],
		['crud', 'refreshed', [hostile]]
	];
	for (const [name, one, data] of shapes) {
		const [first] = createReducer(name).reduce([], one, data) as [Record<string, unknown>];
		expect(Object.keys(first)).toEqual(['id', 'key', 'v']);
		expect(first['admin']).toBeUndefined();
	}
	expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
});

it('ignores rows without the key, and keeps those that it was given', () => {
	const { reduce } = createReducer('crud');
	const start = [{ v: 1 }, { id: 1 }, 'odd'];
	for (const data of [{ v: 2 }, null, 7, 'x', undefined, { id: null }, { id: {} }]) {
		for (const one of ['created', 'updated', 'deleted']) expect(reduce(start, one, data)).toBe(start);
	}
	expect(createReducer('crud', { key: 'toString' }).reduce(start, 'created', {})).toBe(start);
	expect(reduce(start, 'created', { id: 2 })).toEqual([{ v: 1 }, { id: 1 }, 'odd', { id: 2 }]);
});

it('keeps the order of the rows that stay when one is deleted', () => {
	const { reduce } = createReducer('crud', {});
	const rows = [3, 1, 2, 4].map((id) => ({ id }));
	expect(reduce(rows, 'deleted', { id: 1 })).toEqual([{ id: 3 }, { id: 2 }, { id: 4 }]);
});

it('does what each strategy says', () => {
	const run = (name: MergeName, options: MergeOptions, start: unknown, ...events: [string, unknown][]): unknown =>
		reduceAll(
			createReducer(name, options),
			start,
			events.map(([one, data]) => ({ event: one, data }))
		);
	const rows = [{ id: 1 }, { id: 2 }, { id: 3 }];

	expect(run('crud', {}, rows, ['deleted', { id: 2 }])).toEqual([{ id: 1 }, { id: 3 }]);
	expect(run('crud', {}, rows, ['created', { id: 2, v: 1 }], ['updated', { id: 9 }])).toEqual([
		{ id: 1 },
		{ id: 2, v: 1 },
		{ id: 3 }
	]);
	expect(run('crud', { prepend: true }, rows, ['created', { id: 4 }])).toEqual([{ id: 4 }, ...rows]);
	expect(run('crud', { max: 3 }, rows, ['created', { id: 4 }])).toEqual([{ id: 2 }, { id: 3 }, { id: 4 }]);
	expect(run('crud', { max: 2, prepend: true }, rows, ['created', { id: 4 }])).toEqual([{ id: 4 }, { id: 1 }]);
	expect(run('crud', { max: 2 }, rows, ['created', { id: 3, v: 1 }])).toHaveLength(3);
	expect(run('crud', { key: 'no' }, undefined, ['created', { no: 'a' }])).toEqual([{ no: 'a' }]);
	expect(run('crud', {}, rows, ['refreshed', [{ id: 9 }]])).toEqual([{ id: 9 }]);
	expect(run('latest', { max: 2 }, [1], ['a', 2], ['b', 3])).toEqual([2, 3]);
	expect(
		run(
			'latest',
			{},
			Array.from({ length: 50 }, (_, i) => i),
			['a', 50]
		)
	).toHaveLength(50);
	expect(run('latest', {}, [1], ['refreshed', [7]], ['a', 8])).toEqual([7, 8]);
	expect(run('set', {}, 1, ['set', 2], ['whatever', { a: 3 }])).toEqual({ a: 3 });
	expect(
		run('presence', {}, [], ['join', { key: 'u', data: 1 }], ['join', { key: 'u', data: 2 }], ['leave', { key: 'x' }])
	).toEqual([{ key: 'u', data: 2 }]);
	expect(run('presence', {}, [{ key: 'u' }], ['set', [{ key: 'v' }]], ['leave', { key: 'v' }])).toEqual([]);
	expect(run('cursor', {}, [], ['update', { key: 1, data: { x: 1 } }], ['remove', { key: 1 }])).toEqual([]);
});

it('starts with what the strategy needs, and refuses a name that is none', () => {
	expect((['crud', 'latest', 'presence', 'cursor', 'set'] as const).map((name) => createReducer(name).initial)).toEqual([
		[],
		[],
		[],
		[],
		undefined
	]);
	expect(() => createReducer('crdt' as MergeName)).toThrow(TypeError);
});
