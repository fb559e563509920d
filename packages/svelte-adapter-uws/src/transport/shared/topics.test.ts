import { expect, it } from 'vitest';
import { Topics } from './topics.ts';

it('gives the members of a topic once each, in the order in which they joined', () => {
	const topics = new Topics<string>();
	for (const member of ['b', 'a', 'b']) topics.join('t', member);
	topics.join('other', 'c');
	expect([...topics.of('t')]).toEqual(['b', 'a']);
	topics.leave('t', 'b');
	topics.leave('t', 'never there');
	expect([...topics.of('t')]).toEqual(['a']);
});

it('keeps nothing of a topic that nobody is in', () => {
	const topics = new Topics<string>();
	topics.join('t', 'a');
	topics.leave('t', 'a');
	topics.leave('unknown', 'a');
	expect([topics.has('t'), topics.has('unknown'), [...topics.of('t')]]).toEqual([false, false, []]);
});

it('takes any string for a name', () => {
	const topics = new Topics<string>();
	for (const name of ['', '__proto__', 'constructor', '\ud800', 'ü/+#']) topics.join(name, name);
	expect(['', '__proto__', 'constructor', '\ud800', 'ü/+#'].map((name) => [...topics.of(name)])).toEqual([
		[''],
		['__proto__'],
		['constructor'],
		['\ud800'],
		['ü/+#']
	]);
});
