/** Shorter than any test may take, so that the report says what was waited for, and what came in its place. */
const PATIENCE_MS = 30_000;

/**
 * The value of a promise that may never settle; rejects with `what()`, and names what was seen until then, once `ms` are over,
 * by default 30,000.
 *
 * @example await within(once(socket, 'close'), () => `The socket is still open. It said: ${text}`)
 */
export function within<Value>(promise: Promise<Value>, what: () => string, ms: number = PATIENCE_MS): Promise<Value> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`${what()} (after ${ms} ms)`)), ms);
		promise.then(resolve, reject).finally(() => clearTimeout(timer));
	});
}
