import type { IdempotencyStore } from 'svelte-adapter-uws/contract';
import type { Context } from './context.ts';
import type { Call } from './definition.ts';
import { checkNames, problem } from './problem.ts';
import { wrap, type Inner, type Transfer, type Wrappable } from './wrap.ts';

/** What makes two calls the same. */
export interface IdempotentOptions {
	/**
	 * The key of a call, the same for all users; nothing, or an empty text: this call is not idempotent. Default: the
	 * `idempotencyKey` that the client sends, which counts for its user alone.
	 */
	readonly keyFrom?: (ctx: Context, ...args: any[]) => string | null | undefined | Promise<string | null | undefined>;
	/** Where results are kept. Default: the store of the server, which all its nodes share. */
	readonly store?: IdempotencyStore;
	/** Seconds that a result is kept. Default 172,800, two days; 0 = only calls at the same time, on one node, are one. */
	readonly ttl?: number;
}

/** `live.idempotent`. */
export interface Idempotent {
	/**
	 * Runs a call once for each key: repeats get the result of the first, and those at the same time wait for it. A call that fails
	 * may be tried again. The same key with other arguments is a `CONFLICT`. Keys count for their procedure.
	 * @example export const pay = live.idempotent({ keyFrom: (ctx, order: Order) => `${ctx.user.id}:${order.ref}` }, async (ctx, order) => …);
	 */
	idempotent<Args extends unknown[], Out>(options: IdempotentOptions, run: Wrappable<Args, Out>): Call<Args, Out>;
	idempotent<Inner extends Transfer>(options: IdempotentOptions, run: Inner): Inner;
}

const OPTIONS: readonly string[] = ['keyFrom', 'store', 'ttl'];

export const idempotent: Idempotent['idempotent'] = (options: IdempotentOptions, run: Inner) => {
	const what = 'live.idempotent';
	if (typeof options !== 'object' || options === null) throw problem(what, 'options', options, `{ ${OPTIONS.join(', ')} }`);
	if ('key' in options) throw problem(what, 'options', 'key', 'keyFrom: key belongs to live.lock');
	checkNames(what, options, OPTIONS);
	const { keyFrom, store, ttl } = options;
	if (keyFrom !== undefined && typeof keyFrom !== 'function')
		throw problem(what, 'keyFrom', keyFrom, 'a function (ctx, ...args) => text');
	if (store !== undefined && ['claim', 'settle', 'abandon'].some((name) => typeof (store as any)?.[name] !== 'function'))
		throw problem(what, 'store', store, 'an object with claim, settle and abandon, as platform.stores.idempotency');
	if (ttl !== undefined && !(Number.isFinite(ttl) && ttl >= 0)) throw problem(what, 'ttl', ttl, 'seconds from 0');
	return wrap(what, 'idempotent', options, run);
};
