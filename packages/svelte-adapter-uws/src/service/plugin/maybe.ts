/** Goes on with a value at once, or with what a promise gives; `failed` hears of a rejection, so that it never goes astray. */
export function goOn<T>(value: T | Promise<T>, run: (value: T) => void, failed: (error: unknown) => void): void {
	if (value instanceof Promise) void value.then(run).catch(failed);
	else run(value);
}
