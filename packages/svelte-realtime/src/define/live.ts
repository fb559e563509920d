import type { Context } from './context.ts';
import { define } from './definition.ts';
import type { Call, Guard, Handler, Stream, StreamOptions } from './definition.ts';

const MERGES: ReadonlySet<string> = new Set(['crud', 'latest', 'set', 'presence', 'cursor']);
const OPTIONS: ReadonlySet<string> = new Set(['merge', 'key', 'prepend', 'max', 'access', 'onSubscribe', 'onUnsubscribe']);

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const TOPIC = /^(?!__)[^\u0000-\u001f"\\]{1,256}$/;

/** The arguments of a dynamic stream are those of its topic: a loader or an access check that ignores some must not narrow them. */
export type TopicArguments<Topic> = Topic extends (ctx: any, ...args: infer Args) => unknown ? Args : never;

/** What `live` is: a function, with one member a kind of definition. */
export interface Live {
	/**
	 * Makes a function callable from the browser. Arguments after `ctx` come from the client: check them.
	 * @example export const add = live(async (ctx, text: string) => db.add(ctx.user.id, text));
	 */
	<Args extends unknown[], Out>(run: (ctx: Context, ...args: Args) => Out | Promise<Out>): Call<Args, Out>;
	/**
	 * A value with live updates: `load` gives it, and every event published on `topic` changes it by the rules of `merge`.
	 * A topic that is a function, or a loader with arguments, makes one stream per arguments.
	 * @example export const todos = live.stream((ctx, list: string) => `todos:${list}`, async (ctx, list) => db.todos(list));
	 */
	stream<Topic extends (ctx: Context, ...args: any[]) => string, Value>(
		topic: Topic,
		load: (ctx: Context, ...args: TopicArguments<Topic>) => Value | Promise<Value>,
		options?: StreamOptions<TopicArguments<Topic>>
	): Stream<TopicArguments<Topic>, Value>;
	stream<Args extends unknown[], Value>(
		topic: string,
		load: (ctx: Context, ...args: Args) => Value | Promise<Value>,
		options?: NoInfer<StreamOptions<Args>>
	): Stream<Args, Value>;
}

function call<Args extends unknown[], Out>(run: (ctx: Context, ...args: Args) => Out | Promise<Out>): Call<Args, Out> {
	if (typeof run !== 'function') throw problem('live(fn)', 'fn', run, 'a function (ctx, ...args) => result');
	return define({ kind: 'call', run });
}

function stream<Args extends unknown[], Value>(
	topic: Stream<Args, Value>['topic'],
	load: Handler<Args, Value>,
	options: StreamOptions<Args> = {}
): Stream<Args, Value> {
	if (typeof topic === 'string' ? !TOPIC.test(topic) : typeof topic !== 'function') {
		throw problem(
			'live.stream',
			'topic',
			topic,
			'a name of at most 256 characters that does not start with __ and holds no quotes, backslashes or control characters, or a function (ctx, ...args) => name'
		);
	}
	if (typeof topic === 'function' && topic.constructor.name === 'AsyncFunction')
		throw problem('live.stream', 'topic', 'an async function', 'a function that gives the name at once');
	if (typeof load !== 'function') throw problem('live.stream', 'load', load, 'a function (ctx, ...args) => value');
	// A misspelt `access` would let everybody in.
	for (const name of Object.keys(options))
		if (!OPTIONS.has(name)) throw problem('live.stream', 'options', name, [...OPTIONS].join(', '));
	const { merge, key, prepend, max, access, onSubscribe, onUnsubscribe } = options;
	if (merge !== undefined && !MERGES.has(merge)) throw problem('live.stream', 'merge', merge, [...MERGES].join(', '));
	if (key !== undefined && (typeof key !== 'string' || key === ''))
		throw problem('live.stream', 'key', key, 'the name of a field');
	if (prepend !== undefined && typeof prepend !== 'boolean') throw problem('live.stream', 'prepend', prepend, 'true or false');
	if (max !== undefined && !(Number.isSafeInteger(max) && max >= 0))
		throw problem('live.stream', 'max', max, 'a whole number from 0');
	for (const [name, value] of Object.entries({ access, onSubscribe, onUnsubscribe })) {
		if (value !== undefined && typeof value !== 'function') throw problem('live.stream', name, value, 'a function');
	}
	return define({ kind: 'stream', topic, load, options });
}

/** Describes what a live module exports. Nothing happens until a server installs it. */
export const live: Live = Object.assign(call, { stream });

/** One condition of a guard. */
export type GuardPart = ((ctx: Context) => unknown) | { readonly authenticated?: boolean };

/**
 * A gate in front of every export of a module; export it as `_guard`. Parts run in order; one that throws, or gives exactly
 * `false`, denies.
 * @example export const _guard = guard({ authenticated: true }, (ctx) => ctx.user.role === 'admin');
 */
export function guard(...parts: readonly GuardPart[]): Guard {
	const checks: Handler<[], unknown>[] = [];
	for (const part of parts) {
		if (typeof part === 'function') checks.push(part);
		else if (typeof part !== 'object' || part === null)
			throw problem('guard', 'part', part, 'a function (ctx) => …, or { authenticated: true }');
		else if (part.authenticated) checks.push((ctx) => ctx.user !== null && ctx.user !== undefined);
	}
	if (checks.length === 0) throw problem('guard', 'parts', parts, 'at least one function, or { authenticated: true }');
	return define({ kind: 'guard', checks });
}

function problem(what: string, field: string, got: unknown, expected: string): TypeError {
	const shown =
		typeof got === 'string'
			? JSON.stringify(got)
			: Array.isArray(got)
				? 'a list'
				: typeof got === 'object' && got !== null
					? 'an object'
					: String(got);
	return new TypeError(`[svelte-realtime] ${what}: ${field} is ${shown}, expected ${expected}.`);
}
