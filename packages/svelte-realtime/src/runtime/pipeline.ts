import type { Context } from '../define/context.ts';
import type { Guard } from '../define/definition.ts';
import { isLiveError, LiveError } from '../shared/error.ts';

/** Whether a value can be waited for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
	return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Puts a guard before a handler. Neither makes a promise where the other does not. */
export function guarded<Args extends unknown[]>(guard: Guard | undefined, run: (context: Context, ...args: Args) => unknown): (context: Context, ...args: Args) => unknown {
	if (!guard) return run;
	return (context, ...args) => {
		const pending = passGuard(guard, context, 0);
		return pending ? pending.then(() => run(context, ...args)) : run(context, ...args);
	};
}

/** Runs the checks from `start` on. Throws, or rejects, when one denies; gives a promise only when a check does. */
function passGuard({ checks }: Guard, context: Context, start: number): Promise<void> | undefined {
	for (let i = start; i < checks.length; i++) {
		let verdict: unknown;
		try {
			verdict = checks[i]!(context);
		} catch (error) {
			throw denial(context, error);
		}
		if (!isThenable(verdict)) {
			if (verdict === false) throw denial(context, undefined);
			continue;
		}
		return Promise.resolve(verdict).then(
			(settled) => {
				if (settled === false) throw denial(context, undefined);
				return passGuard({ kind: 'guard', checks }, context, i + 1);
			},
			(error: unknown) => {
				throw denial(context, error);
			}
		);
	}
	return undefined;
}

/** What a caller hears of a refusal: what was thrown for it to see, or only whether signing in could help. */
export function denial(context: Context, cause: unknown): LiveError {
	if (isLiveError(cause)) return cause;
	const code = context.user === null || context.user === undefined ? 'UNAUTHENTICATED' : 'FORBIDDEN';
	return new LiveError(code, undefined, cause === undefined ? {} : { cause });
}
