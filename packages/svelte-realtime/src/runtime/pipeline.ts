import type { Context } from '../define/context.ts';
import type { Guard } from '../define/definition.ts';
import { isLiveError, LiveError } from '../shared/error.ts';
import { isThenable } from '../shared/thenable.ts';

const UNAUTHENTICATED: Readonly<LiveError> = new LiveError('UNAUTHENTICATED');
const FORBIDDEN: Readonly<LiveError> = new LiveError('FORBIDDEN');

/** Goes on with `next`: at once, or when `first` has settled where it has to be waited for. */
export function after(first: unknown, next: (value: unknown) => unknown): unknown {
	return isThenable(first) ? Promise.resolve(first).then(next) : next(first);
}

/** Runs the checks of a guard in order. Throws, or rejects, when one denies; gives a promise only when a check does. */
export function pass({ checks }: Guard, context: Context, start = 0): Promise<void> | undefined {
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
				return pass({ kind: 'guard', checks }, context, i + 1);
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
	const refusal = context.user === null || context.user === undefined ? UNAUTHENTICATED : FORBIDDEN;
	return cause === undefined ? refusal : new LiveError(refusal.code, undefined, { cause });
}
