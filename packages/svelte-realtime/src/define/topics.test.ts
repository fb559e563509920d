import { expect, expectTypeOf, it } from 'vitest';
import { defineTopics } from './topics.ts';

it('gives the topics back, with the patterns of their names', () => {
	const map = {
		news: 'news',
		room: (id: string) => `room:${id}`,
		pair: (a: string, b: string) => `${a}/${b}`,
		odd: (of: { readonly id: number }) => `odd:${of.id.toFixed()}`
	};
	const topics = defineTopics(map);
	expect(topics).toBe(map);
	expect(topics.room('7')).toBe('room:7');
	expect(topics.__definedTopics).toBe(true);
	expect(topics.__patterns).toEqual({ news: 'news', room: 'room:{arg0}', pair: '{arg0}/{arg1}', odd: '<dynamic>' });
	expect(Object.keys(topics)).toEqual(['news', 'room', 'pair', 'odd']);
	expectTypeOf(defineTopics({ a: 'a' }).a).toEqualTypeOf<'a'>();
	expectTypeOf(topics.room).toEqualTypeOf<(id: string) => string>();
});

it.each([
	[null, 'map is null'],
	[['a'], 'map is a list'],
	[{ a: '' }, 'a is ""'],
	[{ a: 7 }, 'a is 7'],
	[{ __patterns: 'x' }, 'a name is "__patterns"']
])('refuses %j', (map, message) => {
	expect(() => defineTopics(map as never)).toThrow(message);
});
