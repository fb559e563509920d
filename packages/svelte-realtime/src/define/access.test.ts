import { expect, it } from 'vitest';
import { access } from './access.ts';
import type { Context } from './context.ts';

const as = (user: unknown): Context<any> => ({ user }) as Context<any>;

it('takes only what a user has itself, and nobody without a user', async () => {
	for (const user of [null, undefined, 'ida', {}, { id: null }]) expect(access.owner()(as(user))).toBe(false);
	expect(access.owner()(as({ id: 0 }))).toBe(true);
	expect(access.owner('constructor')(as({}))).toBe(false);
	expect(access.owner('ownerId')(as({ ownerId: 'x' }))).toBe(true);
	expect([access.team()(as({ teamId: 't' })), access.team()(as({ id: 't' }))]).toEqual([true, false]);
});

it('allows each role what its rule says, and roles without a rule nothing', async () => {
	const rule = access.role({ admin: true, guest: false, editor: async (_ctx, id) => Promise.resolve(id === 5) });
	expect(rule(as({ role: 'admin' }))).toBe(true);
	expect(rule(as({ role: 'guest' }))).toBe(false);
	expect([await rule(as({ role: 'editor' }), 5), await rule(as({ role: 'editor' }), 6)]).toEqual([true, false]);
	for (const role of ['toString', '__proto__', 'other', undefined, ['admin']]) expect(rule(as({ role }))).toBe(false);
});

it('compares an argument with the user, never two things that are both missing', () => {
	const org = access.org();
	expect([org(as({ organization_id: 'a' }), 'a'), org(as({ organization_id: 'a' }), 'b')]).toEqual([true, false]);
	expect([org(as({}), undefined), org(as({ organization_id: null }), null), org(as(null))]).toEqual([false, false, false]);
	expect(org(as({ organization_id: 1 }), '1')).toBe(false);
	const user = access.user({ userField: 'id', from: (_ctx, _first, second) => second });
	expect([user(as({ id: 'ida' }), 'x', 'ida'), user(as({ id: 'ida' }), 'ida')]).toEqual([true, false]);
});

it('joins predicates with any and all, each awaited in its turn', async () => {
	const asked: string[] = [];
	const says = (name: string, verdict: unknown) => async () => (asked.push(name), Promise.resolve(verdict as boolean));
	const [yes, no, odd] = [says('yes', true), says('no', false), says('odd', 'yes')];
	expect(await access.any(no, odd, yes, no)(as({}))).toBe(true);
	expect(await access.any(no, odd)(as({}))).toBe(false);
	expect(await access.all(yes, yes)(as({}))).toBe(true);
	expect(await access.all(yes, odd, no)(as({}))).toBe(false);
	expect(asked).toEqual(['no', 'odd', 'yes', 'no', 'odd', 'yes', 'yes', 'yes', 'odd']);
});

it('refuses rules that cannot work when they are written', () => {
	expect(() => access.owner('')).toThrow('live.access.owner: field is ""');
	expect(() => access.role({ admin: 'yes' as never })).toThrow(
		'live.access.role: admin is "yes", expected true, false or a function'
	);
	expect(() => access.role(null as never)).toThrow('live.access.role');
	expect(() => access.org({ from: 'x' as never })).toThrow('live.access.org: from is "x"');
	expect(() => access.any()).toThrow('live.access.any: predicates is a list, expected at least one function');
	expect(() => access.all(true as never)).toThrow('live.access.all: predicate is true');
});
