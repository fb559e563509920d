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
