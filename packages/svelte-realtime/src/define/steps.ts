import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { RateLimitStore } from 'svelte-adapter-uws/contract';
import type { Predicate } from './access.ts';
import type { Context } from './context.ts';
import { define, type Call, type Stream } from './definition.ts';
import { checkNames, problem } from './problem.ts';
import { checkRule } from './rate-limits.ts';
import type { SafeParse } from './schema.ts';
import { wrap, type Inner, type Kept, type Transfer, type Wrappable } from './wrap.ts';

/** What takes the output of a schema as its first argument. */
export type Checked<Output> = ((ctx: Context, input: Output, ...rest: any[]) => unknown) | Call<[input: Output, ...rest: any[]]>;

/** The arguments of a procedure after the first. A function that takes fewer has none. */
export type RestOf<Run> =
	ArgumentsOf<Run> extends readonly [] ? [] : ArgumentsOf<Run> extends readonly [any?, ...infer Rest] ? Rest : [];
type ArgumentsOf<Run> =
	Run extends Call<infer Args> ? Args : Run extends (ctx: any, ...args: infer Args) => unknown ? Args : never;
/** What a procedure gives. */
export type ResultOf<Run> =
	Run extends Call<any[], infer Out> ? Out : Run extends (...args: any[]) => infer Out ? Awaited<Out> : never;

/** How often one caller may call. */
export interface RateLimitOptions {
	/** Calls within one window. */
	readonly points: number;
	/** Length of the window in milliseconds. */
	readonly window: number;
	/** Whose calls are counted together. Default: the user's `id`, `user_id` or `userId`; each connection by itself without one. */
	readonly key?: (ctx: Context, ...args: any[]) => string;
	/** Another name for `key`. */
	readonly identity?: (ctx: Context, ...args: any[]) => string;
	/**
	 * Where calls are counted, for a limit that holds over all nodes: `cluster` = the store of the server. It has buckets, full again
	 * `window` milliseconds after their first use, in the place of a sliding window. Default: in this process.
	 */
	readonly store?: 'cluster' | Pick<RateLimitStore, 'take'>;
}

/**
 * Wrappers of `live()` and `live.stream()`. They nest in any order, the outermost acts first, and each gives what it was put around.
 */
export interface Steps {
	/**
	 * Checks the first argument of a call, or of a subscribe request, against a schema (Standard Schema, or an object with `safeParse`), and calls with what that
	 * gives. Otherwise the caller hears `VALIDATION` with the issues.
	 * @example export const add = live.validated(z.object({ text: z.string() }), async (ctx, todo) => db.add(todo));
	 */
	validated<Inner extends Transfer>(schema: StandardSchemaV1 | SafeParse<unknown>, run: Inner): Inner;
	validated<Schema extends StandardSchemaV1, Rest extends unknown[], Value>(
		schema: Schema,
		stream: Stream<[input: StandardSchemaV1.InferOutput<Schema>, ...rest: Rest], Value>
	): Stream<[input: StandardSchemaV1.InferInput<Schema>, ...rest: Rest], Value>;
	validated<Output, Rest extends unknown[], Value>(
		schema: SafeParse<Output> & { readonly '~standard'?: never },
		stream: Stream<[input: Output, ...rest: Rest], Value>
	): Stream<[input: Output, ...rest: Rest], Value>;
	validated<Schema extends StandardSchemaV1, Run extends Checked<StandardSchemaV1.InferOutput<Schema>>>(
		schema: Schema,
		run: Run
	): Call<[input: StandardSchemaV1.InferInput<Schema>, ...rest: RestOf<Run>], ResultOf<Run>>;
	validated<Output, Run extends Checked<Output>>(
		schema: SafeParse<Output> & { readonly '~standard'?: never },
		run: Run
	): Call<[input: Output, ...rest: RestOf<Run>], ResultOf<Run>>;
	/**
	 * Refuses calls over `points` in a sliding `window` with `RATE_LIMITED` and `retryAfter`. Counted per procedure and caller,
	 * in this process unless `store` says otherwise. Around a stream it counts subscribe requests and pages.
	 * @example export const send = live.rateLimit({ points: 5, window: 10_000 }, async (ctx, text: string) => post(text));
	 */
	rateLimit<Args extends unknown[], Out>(options: RateLimitOptions, run: Wrappable<Args, Out>): Call<Args, Out>;
	rateLimit<Inner extends Kept>(options: RateLimitOptions, run: Inner): Inner;
	/**
	 * Lets only those call, or subscribe, for whom the predicate is `true`; others hear `UNAUTHENTICATED` without a user, else `FORBIDDEN`.
	 * @example export const rename = live.scoped(live.access.org(), async (ctx, org: string, name: string) => …);
	 */
	scoped<Args extends unknown[], Out>(predicate: Predicate, run: Wrappable<Args, Out>): Call<Args, Out>;
	scoped<Inner extends Kept>(predicate: Predicate, run: Inner): Inner;
	/**
	 * Says that everybody who can connect may call this, in a module without a guard: nobody is warned of it, and
	 * `realtime({ requireGuard: true })` accepts it.
	 * @example export const health = live.public(() => 'ok');
	 */
	public<Args extends unknown[], Out>(run: Wrappable<Args, Out>): Call<Args, Out>;
	public<Inner extends Kept>(run: Inner): Inner;
	/**
	 * Says that clients call this with `fireAndForget`, and that it may be lost: in development, a call that nobody waits for is
	 * warned of otherwise.
	 * @example export const move = live.volatile((ctx, x: number, y: number) => ctx.publish('cursors', 'update', { key: ctx.user.id, x, y }));
	 */
	volatile<Args extends unknown[], Out>(run: Wrappable<Args, Out>): Call<Args, Out>;
	volatile<Inner extends Transfer>(run: Inner): Inner;
}

export const validated: Steps['validated'] = (schema: unknown, run: Inner) => {
	const isStandard = typeof (schema as Partial<StandardSchemaV1> | null)?.['~standard']?.validate === 'function';
	if (!isStandard && typeof (schema as Partial<SafeParse<unknown>> | null)?.safeParse !== 'function')
		throw problem(
			'live.validated',
			'schema',
			schema,
			'a Standard Schema, as Zod, Valibot and ArkType make them, or an object with safeParse'
		);
	return wrap('live.validated', 'validated', schema, run);
};

const LIMIT_OPTIONS: readonly string[] = ['points', 'window', 'key', 'identity', 'store'];

export const rateLimit: Steps['rateLimit'] = (options: RateLimitOptions, run: Inner) => {
	const what = 'live.rateLimit';
	checkNames(what, options, LIMIT_OPTIONS);
	checkRule(what, options);
	const { points, window, key, identity, store } = options;
	if (key && identity) throw problem(what, 'identity', 'given beside key', 'one of the two: they mean the same');
	const own = key ?? identity;
	if (own !== undefined && typeof own !== 'function') throw problem(what, 'key', own, 'a function (ctx, ...args) => string');
	if (store !== undefined && store !== 'cluster' && typeof store?.take !== 'function')
		throw problem(what, 'store', store, "'cluster', or an object with take, as platform.stores.rateLimit");
	return wrap(what, 'rateLimit', { points, window, key: own, store }, run);
};

export const scoped: Steps['scoped'] = (predicate: Predicate, run: Inner) => {
	if (typeof predicate !== 'function')
		throw problem('live.scoped', 'predicate', predicate, 'a function (ctx, ...args) => boolean');
	return typeof run === 'object' && run?.kind === 'stream'
		? scopedStream(predicate, run)
		: wrap('live.scoped', 'scoped', predicate, run);
};

export const volatile: Steps['volatile'] = (run: Inner) => wrap('live.volatile', 'volatile', undefined, run);

export const open: Steps['public'] = (run: Inner) => wrap('live.public', 'public', undefined, run);

/** The predicate stands before the `access` of the stream. */
function scopedStream(predicate: Predicate, stream: Stream): any {
	const { access = stream.options.filter } = stream.options;
	const both: Predicate = async (ctx, ...args) =>
		(await predicate(ctx, ...args)) === true && (access === undefined || (await access(ctx, ...args)) === true);
	return define({ ...stream, options: { ...stream.options, access: both } });
}
