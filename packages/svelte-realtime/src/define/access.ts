import type { Context } from './context.ts';
import { atOnce } from '../shared/thenable.ts';
import { problem } from './problem.ts';

/** Decides whether a caller may go on: exactly `true` lets it pass. Gets the arguments of the call or stream. */
export type Predicate = (ctx: Context<any>, ...args: any[]) => boolean | Promise<boolean>;

/** Where a check finds what it compares with a field of the user. */
export interface FromArguments {
	/** Default: the first argument. */
	readonly from?: (ctx: Context<any>, ...args: any[]) => unknown;
}

/** `live.access`. Nobody passes without a user. */
export interface Access {
	/** The user has this field. Default `id`. */
	owner(field?: string): Predicate;
	/** The user has a `teamId`. */
	team(): Predicate;
	/**
	 * What each role may: `true`, `false`, or a predicate. A role that is not listed may nothing.
	 * @example live.access.role({ admin: true, editor: (ctx, id) => db.owns(ctx.user.id, id) })
	 */
	role(rules: Readonly<Record<string, boolean | Predicate>>): Predicate;
	/** The named organisation is the user's: equals the user's `orgField`, by default `organization_id`. */
	org(options?: FromArguments & { readonly orgField?: string }): Predicate;
	/** The named user is the caller: equals the user's `userField`, by default `user_id`. */
	user(options?: FromArguments & { readonly userField?: string }): Predicate;
	/** At least one of them, asked in order. */
	any(...predicates: readonly Predicate[]): Predicate;
	/** Every one of them, asked in order. */
	all(...predicates: readonly Predicate[]): Predicate;
}

/** A field of the user that is its own; names of the language, such as `constructor`, are none. */
function field(ctx: Context<any>, name: string): unknown {
	const user: unknown = ctx.user;
	return typeof user === 'object' && user !== null && Object.hasOwn(user, name)
		? (user as Record<string, unknown>)[name]
		: undefined;
}

const has = (value: unknown): boolean => value !== null && value !== undefined;

function fieldName(what: string, name: string, value: unknown): string {
	if (typeof value !== 'string' || value === '') throw problem(what, name, value, 'the name of a field');
	return value;
}

function matches(what: string, name: string, { from = (_ctx, first) => first }: FromArguments): Predicate {
	if (typeof from !== 'function') throw problem(what, 'from', from, 'a function (ctx, ...args) => value');
	return (ctx, ...args) => {
		const own = field(ctx, name);
		return has(own) && atOnce(`from of ${what}`, from(ctx, ...args)) === own;
	};
}

function predicates(what: string, list: readonly Predicate[]): readonly Predicate[] {
	for (const predicate of list)
		if (typeof predicate !== 'function') throw problem(what, 'predicate', predicate, 'a function (ctx, ...args) => boolean');
	if (list.length === 0) throw problem(what, 'predicates', list, 'at least one function');
	return list;
}

export const access: Access = {
	owner(name = 'id') {
		const own = fieldName('live.access.owner', 'field', name);
		return (ctx) => has(field(ctx, own));
	},
	team: () => (ctx) => has(field(ctx, 'teamId')),
	role(rules) {
		if (typeof rules !== 'object' || rules === null)
			throw problem('live.access.role', 'rules', rules, 'an object with a rule for each role');
		for (const [role, rule] of Object.entries(rules)) {
			if (typeof rule !== 'boolean' && typeof rule !== 'function')
				throw problem('live.access.role', role, rule, 'true, false or a function');
		}
		return (ctx, ...args) => {
			const role = field(ctx, 'role');
			const rule = typeof role === 'string' && Object.hasOwn(rules, role) ? rules[role] : false;
			return typeof rule === 'function' ? rule(ctx, ...args) : rule === true;
		};
	},
	org: ({ orgField = 'organization_id', ...options } = {}) =>
		matches('live.access.org', fieldName('live.access.org', 'orgField', orgField), options),
	user: ({ userField = 'user_id', ...options } = {}) =>
		matches('live.access.user', fieldName('live.access.user', 'userField', userField), options),
	any(...list) {
		const asked = predicates('live.access.any', list);
		return async (ctx, ...args) => {
			for (const predicate of asked) if ((await predicate(ctx, ...args)) === true) return true;
			return false;
		};
	},
	all(...list) {
		const asked = predicates('live.access.all', list);
		return async (ctx, ...args) => {
			for (const predicate of asked) if ((await predicate(ctx, ...args)) !== true) return false;
			return true;
		};
	}
};
