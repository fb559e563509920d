import type { Context } from './context.ts';
import type { Call, Handler } from './definition.ts';
import { isLiveError, LiveError } from '../shared/error.ts';
import { atOnce } from '../shared/thenable.ts';
import { checkNames, problem } from './problem.ts';
import { wrap, type Inner, type Kept, type Wrappable } from './wrap.ts';

/**
 * Something that knows whether a service works: with `isOpen()`, or with a `guard()` that throws while it is broken. It hears how
 * each call went.
 */
export interface Breaker {
	isOpen?(): boolean;
	guard?(): void;
	success(): void;
	failure(error?: unknown): void;
}

export interface BreakerOptions {
	readonly breaker: Breaker;
	/** What callers get while the breaker is open: a value, or a function of the context and the arguments. Default `SERVICE_UNAVAILABLE`. */
	readonly fallback?: unknown;
}

/** `live.breaker`. */
export interface BreakerMaker {
	/**
	 * Asks a circuit breaker before a call, or before the loader of a stream, and tells it how that went. What was thrown for the
	 * caller to see, such as `VALIDATION`, is no failure; `TIMEOUT`, `OVERLOADED`, `SERVICE_UNAVAILABLE` and `INTERNAL_ERROR` are.
	 * @example export const quote = live.breaker({ breaker: createCircuitBreaker(), fallback: null }, async (ctx, symbol: string) => fetchQuote(symbol));
	 */
	breaker<Args extends unknown[], Out>(options: BreakerOptions, run: Wrappable<Args, Out>): Call<Args, Out>;
	breaker<Inner extends Kept>(options: BreakerOptions, run: Inner): Inner;
}

export const breaker: BreakerMaker['breaker'] = (options: BreakerOptions, inner: Inner) => {
	const what = 'live.breaker';
	const { breaker: own } = options ?? {};
	if (typeof own?.success !== 'function' || typeof own.failure !== 'function' || !(own.isOpen ?? own.guard))
		throw problem(what, 'breaker', own, 'an object with isOpen() or guard(), success() and failure()');
	checkNames(what, options, ['breaker', 'fallback']);
	return wrap(what, 'breaker', options, inner);
};

const FAILURES: readonly string[] = ['INTERNAL_ERROR', 'OVERLOADED', 'SERVICE_UNAVAILABLE', 'TIMEOUT'];

/** Runs `next` while the breaker lets it, and tells the breaker how it went. */
export async function behind(
	{ breaker: own, fallback }: BreakerOptions,
	next: Handler,
	ctx: Context,
	args: readonly unknown[]
): Promise<unknown> {
	if (isOpen(own)) {
		if (fallback === undefined) throw new LiveError('SERVICE_UNAVAILABLE');
		return typeof fallback === 'function' ? (fallback as Handler)(ctx, ...args) : fallback;
	}
	let result: unknown;
	try {
		result = await next(ctx, ...args);
	} catch (error) {
		if (isLiveError(error) && !FAILURES.includes(error.code)) own.success();
		else own.failure(error);
		throw error;
	}
	own.success();
	return result;
}

function isOpen(own: Breaker): boolean {
	if (own.isOpen) return atOnce('isOpen of a breaker', own.isOpen());
	let given: unknown;
	try {
		given = own.guard!();
	} catch {
		return true;
	}
	atOnce('guard of a breaker', given);
	return false;
}
