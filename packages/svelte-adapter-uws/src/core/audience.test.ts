import { expect, it } from 'vitest';
import { FakeSocket, unexpected } from '../../test/support/socket.ts';
import { Audience, takesBatches, takesEpochs, variantOf, VARIANTS, type Member, type Variant } from './audience.ts';

const member = (variant: Variant, ...topics: string[]): Member => ({
	socket: new FakeSocket(),
	variant,
	topics: new Set(topics),
	isSlow: false,
	offer: () => {},
	replace: () => {}
});

function audience(...members: Member[]): Audience {
	const audience = new Audience(members, () => 'drop', unexpected);
	for (const one of members) for (const topic of one.topics) audience.join(topic, one);
	return audience;
}

it('gives each set of capabilities a variant of its own', () => {
	const all = [variantOf(false, false), variantOf(true, false), variantOf(false, true), variantOf(true, true)];
	expect([...all].sort()).toEqual(VARIANTS);
	expect(all.map(takesBatches)).toEqual([false, true, false, true]);
	expect(all.map(takesEpochs)).toEqual([false, false, true, true]);
});

it('counts by variant and forgets a topic that nobody holds', () => {
	const a = member(0, 't');
	const b = member(3, 't');
	const here = audience(a, b);
	expect(VARIANTS.map((variant) => here.of('t')?.count(variant))).toEqual([1, 0, 0, 1]);
	here.leave('t', a);
	expect(here.of('t')?.size).toBe(1);
	here.leave('t', b);
	expect(here.of('t')).toBeUndefined();
	expect(here.size).toBe(0);
});

it('gives the variants of a topic names that no other topic can have', () => {
	const listeners = audience(member(0, 't')).of('t')!;
	const names = VARIANTS.map((variant) => listeners.engineTopic(variant));
	expect(new Set(names).size).toBe(4);
	expect(names[0]).toBe('t');
	for (const name of names.slice(1)) expect(name.charCodeAt(0)).toBeLessThan(0x20);
});

it('slices members by what they hold, and leaves out who takes no batches', () => {
	const both = member(1, 'a', 'b');
	const onlyA = member(1, 'a', 'x');
	const other = member(3, 'a', 'b');
	const here = audience(both, onlyA, other, member(0, 'a', 'b'), member(2, 'a'));
	const slices = here.slices(['a', 'b']).map(({ variant, topics, members }) => ({ variant, topics: [...topics], members }));
	expect(slices).toHaveLength(3);
	expect(slices).toContainEqual({ variant: 1, topics: ['a', 'b'], members: [both] });
	expect(slices).toContainEqual({ variant: 1, topics: ['a'], members: [onlyA] });
	expect(slices).toContainEqual({ variant: 3, topics: ['a', 'b'], members: [other] });
});

it('keeps slices right for who joins and leaves after the first ones', () => {
	const members: Member[] = [member(1, 'a')];
	const here = new Audience(members, () => 'drop', unexpected);
	here.join('a', members[0]!);
	expect(here.slices(['a'])).toHaveLength(1);
	const late = member(1, 'a');
	here.join('a', late);
	expect(here.slices(['a'])[0]!.members).toEqual([members[0], late]);
	here.leave('a', members[0]!);
	here.leave('a', late);
	expect(here.slices(['a'])).toEqual([]);
});

it('knows its members by themselves where the engine does not fan out', () => {
	const [a, b] = [member(0, 'close:a'), member(1, 'close:a')];
	const here = new Audience([a, b], (topic) => (topic.startsWith('close:') ? 'close' : 'drop'), unexpected);
	expect(here.join('plain', a).members).toBeUndefined();
	here.join('close:a', a);
	expect([...here.join('close:a', b).members!]).toEqual([a, b]);
	here.leave('close:a', a);
	expect([...here.of('close:a')!.members!]).toEqual([b]);
});

it('reports who leaves a topic that nobody holds', () => {
	const violations: unknown[] = [];
	const here = new Audience(
		[],
		() => 'drop',
		(...violation) => void violations.push(violation)
	);
	expect(here.leave('t', member(0))).toBeUndefined();
	expect(violations).toEqual([['subs.not-joined', { topic: 't' }]]);
});
