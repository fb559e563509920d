import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../shared/limits.ts';
import { hasMoreKeys, isDeeper, parseRequest } from './parse.ts';

it('reads calls and batches', () => {
	expect(parseRequest('{"rpc":"a/b","id":"1","args":[1]}', DEFAULT_LIMITS)).toEqual({
		single: { rpc: 'a/b', id: '1', args: [1] }
	});
	expect(parseRequest('{"batch":[1],"sequential":true}', DEFAULT_LIMITS)).toEqual({
		batch: { entries: [1], sequential: true, each: false }
	});
	expect(parseRequest('{"batch":[],"each":true}', DEFAULT_LIMITS)).toEqual({
		batch: { entries: [], sequential: false, each: true }
	});
});

it.each([
	'{"id":"1","rpc":"a/b"}',
	' {"rpc":"a/b"}',
	'{"rpc":1,"id":"1"}',
	'{"rpc":"a/b","id":1}',
	'{"rpc":"","id":"1"}',
	'{"rpc":"a/b"',
	'{"batch":1}      ',
	'[]',
	'null',
	'{"r"}'
])('takes %s for no request', (text) => expect(parseRequest(text, DEFAULT_LIMITS)).toBeUndefined());

it('measures depth outside of strings', () => {
	expect(isDeeper('[[]]', 1)).toBe(true);
	expect(isDeeper('[["[[[[\\"[["]]', 2)).toBe(false);
	expect(isDeeper('[[],[],{}]', 2)).toBe(false);
	fc.assert(
		fc.property(fc.json({ maxDepth: 8 }), fc.nat(8), (json, limit) => {
			const depth = (value: unknown): number =>
				typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
			expect(isDeeper(json, limit)).toBe(depth(JSON.parse(json)) > limit);
		})
	);
});

it('counts keys outside of strings', () => {
	expect(hasMoreKeys('{"a":1,"b:c":{"d":":::\\":"}}', 3)).toBe(false);
	fc.assert(
		fc.property(fc.json({ maxDepth: 8 }), fc.nat(8), (json, limit) => {
			const keys = (value: unknown): number =>
				typeof value === 'object' && value !== null
					? (Array.isArray(value) ? 0 : Object.keys(value).length) +
						Object.values(value).reduce<number>((sum, v) => sum + keys(v), 0)
					: 0;
			expect(hasMoreKeys(json, limit)).toBe(keys(JSON.parse(json)) > limit);
		})
	);
});

it('does not read a request with too many keys, and tells its id where it can', () => {
	const bounds = { ...DEFAULT_LIMITS, maxRequestKeys: 4 };
	expect(parseRequest('{"rpc":"a/b","id":"k-1","args":[{"x":1}]}', bounds)).toHaveProperty('single');
	expect(parseRequest('{"rpc":"a/b","id":"k-1","args":[{"x":1,"y":2}]}', bounds)).toEqual({
		refused: ['k-1'],
		isBatch: false
	});
	expect(parseRequest('{"rpc":"a/b","args":[{"x":1,"y":2,"z":3}],"id":"k"}', bounds)).toBeUndefined();
	const decoy = '{"rpc":"c/d","id":"3"}';
	const batch = `{"batch":[{"rpc":"a/b","id":"1","args":[${decoy},${JSON.stringify(decoy)}]},{"id":"4"},{"rpc":"a/b","id":"2"}]}`;
	expect(parseRequest(batch, bounds)).toEqual({ refused: ['1', '2'], isBatch: true });
	expect(parseRequest('{"batch":[{"a":1,"b":2,"c":3,"d":4}]}', bounds)).toBeUndefined();
});

it('never throws, and pollutes no prototype', () => {
	const keys = Object.getOwnPropertyNames(Object.prototype);
	const field = fc.oneof(fc.json(), fc.constantFrom('"a/b"', '"__proto__"', '[]', '{"__proto__":{"x":1}}'));
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				fc.json(),
				fc.tuple(field, field, field).map(([rpc, id, args]) => `{"rpc":${rpc},"id":${id},"args":${args}}`),
				field.map((batch) => `{"batch":${batch}}`)
			),
			(text) => {
				parseRequest(text, DEFAULT_LIMITS);
			}
		)
	);
	expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(keys);
});
