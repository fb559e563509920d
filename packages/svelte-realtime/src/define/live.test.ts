import { expect, expectTypeOf, it } from 'vitest';
import type { Call, Stream } from './definition.ts';
import { guard, live } from './live.ts';

it('describes a call, and infers its arguments and result', () => {
	const add = live(async (_ctx, text: string, count: number = 1) => ({ text, count }));
	expect(add.kind).toBe('call');
	expectTypeOf(add).toEqualTypeOf<Call<[text: string, count?: number], { text: string; count: number }>>();
});

it('describes streams with and without arguments', () => {
	const all = live.stream('todos', async () => [{ id: 1 }]);
	const one = live.stream(
		(_ctx, id: string) => `list:${id}`,
		async (_ctx, id) => [id],
		{ merge: 'latest', max: 5 }
	);
	expect([all.topic, one.kind, one.options.max]).toEqual(['todos', 'stream', 5]);
	expectTypeOf(all).toEqualTypeOf<Stream<[], { id: number }[]>>();
	expectTypeOf(one).toEqualTypeOf<Stream<[id: string], string[]>>();
});

it.each([
	[() => live('x' as never), /live\(fn\).*fn/],
	[() => live.stream('__rpc', () => []), /topic/],
	[() => live.stream('', () => []), /topic/],
	[() => live.stream((async () => 'x') as never, () => []), /async/],
	[() => live.stream('t', 1 as never), /load/],
	[() => live.stream('t', () => [], { merge: 'nope' as never }), /merge is "nope"/],
	[() => live.stream('t', () => [], { max: -1 }), /max/],
	[() => live.stream('t', () => [], { key: '' }), /key/],
	[() => live.stream('t', () => [], { access: true as never }), /access/],
	[() => guard(), /at least one/],
	[() => guard({}), /at least one/],
	[() => guard(1 as never), /part/]
])('refuses a wrong definition with the field that is wrong (%#)', (define, message) => expect(define).toThrow(message));

it('refuses wrappers that cannot work when they are written', () => {
	const run = (): number => 1;
	expect(() => live.lock('', run)).toThrow('live.lock: key is ""');
	expect(() => live.lock({ key: 'k', maxWaitMs: -1 }, run)).toThrow('live.lock: maxWaitMs is -1');
	expect(() => live.lock({ key: 'k', keyFrom: 'x' } as never, run)).toThrow('keyFrom belongs to live.idempotent');
	expect(() => live.lock({ key: 'k', lock: {} as never }, run)).toThrow('live.lock: lock is an object');
	expect(() => live.rateLimit({ points: 0, window: 1 }, run)).toThrow('live.rateLimit: points is 0');
	expect(() => live.rateLimit({ points: 1, window: Number.NaN }, run)).toThrow('live.rateLimit: window is NaN');
	expect(() => live.rateLimit({ points: 1, window: 1, per: 'user' } as never, run)).toThrow('live.rateLimit: options is "per"');
	expect(() => live.validated({} as never, run)).toThrow('live.validated: schema is an object');
	expect(() => live.scoped(true as never, run)).toThrow('live.scoped: predicate is true');
	expect(() => live.public({ kind: 'stream' } as never)).toThrow('live.public: fn is an object');
	expect(() => live.channel('__x')).toThrow('topic is "__x"');
});
