import { app } from './define/app.ts';
import type { OnError } from './runtime/host.ts';
import { contained, print } from './runtime/on-error.ts';

/**
 * Hears failures of live modules that no caller may see, of timers, effects, derived values and aggregates among them, with the
 * path of the export; beside the `onError` of `realtime()`. Several may listen. Gives the function that ends it. Throws a
 * TypeError for something else than a function.
 * @example onError((path, error) => tracker.report(error, { path }));
 */
export function onError(handler: OnError): () => void {
	if (typeof handler !== 'function') throw new TypeError('[svelte-realtime] onError takes a function (path, error, ctx) => …');
	const own: OnError = (path, error, context) => handler(path, error, context);
	const { errorHandlers } = app();
	errorHandlers.add(own);
	return () => void errorHandlers.delete(own);
}

/** @deprecated Use `onError`. */
export const onCronError: typeof onError = onError;

/** One handler for all of them; `undefined` without any. */
export function everybody(first: OnError | undefined, others: ReadonlySet<OnError>): OnError | undefined {
	if (others.size === 0) return first;
	return (path, error, context) => {
		for (const handler of [...(first ? [first] : []), ...others]) contained(handler, print)(path, error, context);
	};
}
