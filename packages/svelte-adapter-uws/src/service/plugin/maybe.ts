/** A value that is there, or that has to be asked for. */
export type Awaitable<T> = T | Promise<T>;

/** The value, or a TypeError for a promise in its place: taken for a value it would count as yes, and what it rejects with would be nobody's. */
export function atOnce<T>(what: string, value: T): T {
	if (!(value instanceof Promise)) return value;
	void value.catch(() => {});
	throw new TypeError(`${what} gave a promise. It has to answer at once, from what it is given.`);
}

/** Goes on with a value at once, or with what a promise gives; `failed` hears of a rejection, so that it never goes astray. */
export function goOn<T>(value: Awaitable<T>, run: (value: T) => void, failed: (error: unknown) => void): void {
	if (value instanceof Promise) void value.then(run).catch(failed);
	else run(value);
}

/** The same for something that the caller waits for, if there is anything to wait for. */
export function andThen<T, R>(value: Awaitable<T>, run: (value: T) => R): Awaitable<R> {
	return value instanceof Promise ? value.then(run) : run(value);
}
