import type { Context } from './context.ts';
import type { Call } from './definition.ts';
import { checkNames, problem } from './problem.ts';
import { stepsOf, wrap, type Inner, type Kept, type Wrappable } from './wrap.ts';

/** How long to wait for a lock. */
export interface LockWait {
	/** Milliseconds; after them the caller hears `LOCK_TIMEOUT`. Default: as long as it takes. */
	readonly maxWaitMs?: number | undefined;
	/** Ends the waiting: it rejects with the reason. Of a call it aborts when the caller cancels or disconnects. */
	readonly signal?: AbortSignal | undefined;
}

/** Something that lets one run at a time for each key. */
export interface Lock {
	/** Resolves with what `run` gives; rejects with what it throws, or with `LOCK_TIMEOUT` when it never began. */
	withLock<T>(key: string, run: () => T | Promise<T>, wait?: LockWait): Promise<T>;
}

/** The key of a call; nothing, or an empty text, means that it needs no lock. */
export type LockKey = string | ((ctx: Context, ...args: any[]) => string | null | undefined | Promise<string | null | undefined>);

export interface LockOptions extends Pick<LockWait, 'maxWaitMs'> {
	readonly key: LockKey;
	/** Default: that of the server, which all procedures of one process share. */
	readonly lock?: Lock;
}

/** `live.lock`. */
export interface Locked {
	/**
	 * Lets one call run at a time for each key, in the order in which they came. Keys are those of the whole server: two
	 * procedures with the same key wait for each other. Around a stream it lets one loader run at a time.
	 * @example export const pay = live.lock((ctx, account: string) => `account:${account}`, async (ctx, account) => …);
	 */
	lock<Args extends unknown[], Out>(key: LockKey | LockOptions, run: Wrappable<Args, Out>): Call<Args, Out>;
	lock<Inner extends Kept>(key: LockKey | LockOptions, run: Inner): Inner;
}

const OPTIONS: readonly string[] = ['key', 'lock', 'maxWaitMs'];

export const lock: Locked['lock'] = (given: LockKey | LockOptions, run: Inner) => {
	const what = 'live.lock';
	const options: LockOptions = typeof given === 'object' && given !== null ? given : { key: given };
	if ('keyFrom' in options) throw problem(what, 'options', 'keyFrom', 'key: keyFrom belongs to live.idempotent');
	checkNames(what, options, OPTIONS);
	const { key, lock: own, maxWaitMs } = options;
	if (!(typeof key === 'function' || (typeof key === 'string' && key !== '')))
		throw problem(what, 'key', key, 'a text, or a function (ctx, ...args) => text');
	if (own !== undefined && typeof own?.withLock !== 'function')
		throw problem(what, 'lock', own, 'an object with withLock(key, run, wait)');
	if (maxWaitMs !== undefined && !(Number.isFinite(maxWaitMs) && maxWaitMs >= 0))
		throw problem(what, 'maxWaitMs', maxWaitMs, 'milliseconds from 0');
	for (const inside of stepsOf(run))
		if (inside.step === 'lock' && inside.options.key === key && inside.options.lock === own)
			throw problem(what, 'key', key, 'another key than that of the lock inside, which would wait for this one for ever');
	return wrap(what, 'lock', options, run);
};
