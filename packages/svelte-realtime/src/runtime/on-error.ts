import type { Context } from '../define/context.ts';
import type { OnError } from './host.ts';
import { isThenable } from '../shared/thenable.ts';

type Report = (path: string, error: unknown, context?: Context) => void;

/** One line on standard error, with the error behind it. Never throws, whatever was thrown. */
export function print(path: string, error: unknown): void {
	try {
		// eslint-disable-next-line no-console -- the last place that can tell somebody
		console.error(`[svelte-realtime] ${path} failed.`, error);
	} catch {
		// eslint-disable-next-line no-console -- an error that cannot be shown
		console.error(`[svelte-realtime] ${path} failed with something that cannot be printed.`);
	}
}

/** The app's own `onError`, made harmless: what it throws, or rejects with, goes to `otherwise`. */
export function contained(onError: OnError, otherwise: Report): Report {
	return (path, error, context) => {
		const failed = (thrown: unknown): void => otherwise(path, thrown, context);
		try {
			const result = onError(path, error, context);
			if (isThenable(result)) Promise.resolve(result).catch(failed);
		} catch (thrown) {
			failed(thrown);
		}
	};
}
