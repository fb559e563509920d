import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isDeeper, parseRequest } from './parse.ts';

it('reads calls and batches', () => {
	expect(parseRequest('{"rpc":"a/b","id":"1","args":[1]}', 64)).toEqual({ single: { rpc: 'a/b', id: '1', args: [1] } });
	expect(parseRequest('{"batch":[1],"sequential":true}', 64)).toEqual({ batch: [1], sequential: true });
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
])('takes %s for no request', (text) => expect(parseRequest(text, 64)).toBeUndefined());

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
				parseRequest(text, 64);
			}
		)
	);
	expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(keys);
});
