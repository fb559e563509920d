import { expect, it } from 'vitest';
import type { Stream } from '../../define/definition.ts';
import { ownedTopics, topicOf } from './topic.ts';

const owned = (topic: unknown) => ownedTopics({ topic } as Stream);
const prefixOf = (source: string) => (owned((0, eval)(source)) as { prefix?: string }).prefix;

it('owns its name when it is fixed', () => expect(owned('todos')).toEqual({ exact: 'todos' }));

it.each([
	['(ctx, id) => `board:${id}:notes`', 'board:'],
	['(_ctx, id) => `board:${id}`', 'board:'],
	['(e,t)=>`b:${t}`', 'b:'],
	['ctx => `user:${ctx.user?.id}`', 'user:'],
	['(ctx, $a, b_2) =>\n\t`x/${ $a }/${b_2.c.d}`', 'x/'],
	['() => `always`', 'always']
])('reads the beginning of %s', (source, prefix) => expect(prefixOf(source)).toBe(prefix));

it.each([
	'(ctx, id) => id',
	'(ctx, id) => `${id}:x`',
	'(ctx, id) => `a:${id}`.slice(2)',
	'(ctx, id) => `a:${id}` && id',
	'(ctx, id) => id ? `a:${id}` : `b:${id}`',
	'(ctx, id) => `a:${id}` + id',
	'(ctx, id) => `a:${`${id}`}`',
	'(ctx, id) => `\\x5f:${id}`',
	'(ctx, id = `b`) => `a:${id}`',
	'(ctx, id) => { return `a:${id}`; }',
	'(function (ctx, id) { return `a:${id}`; })',
	'async (ctx, id) => `a:${id}`',
	'((ctx, id) => `a:${id}`).bind(null)',
	'new Proxy((ctx, id) => `a:${id}`, { apply: () => "b" })'
])('may own everything with %s', (source) => expect(prefixOf(source)).toBe(''));

it('is not told otherwise by a toString of the function itself', () => {
	expect(owned(Object.assign((_ctx: unknown, id: string) => id, { toString: () => '(ctx, id) => `a:${id}`' }))).toEqual({
		prefix: ''
	});
});

it('gives no topic that it was not known to own', () => {
	const name = (topic: string) =>
		topicOf({ topic: () => topic } as unknown as Stream, { owned: { prefix: 'a:' }, topicCtx: true }, {} as never, []);
	expect(name('a:1')).toBe('a:1');
	expect(() => name('b:1')).toThrow(/does not begin/);
});

it('takes a promise for no topic, and lets it fail unheard', async () => {
	const topic = () => Promise.reject(new Error('unheard')) as never;
	expect(() => topicOf({ topic } as unknown as Stream, { owned: { prefix: '' }, topicCtx: true }, {} as never, [])).toThrow(
		'gave a promise'
	);
	await new Promise((resolve) => setImmediate(resolve));
});
