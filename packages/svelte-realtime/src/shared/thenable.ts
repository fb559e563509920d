/** Whether a value can be waited for. A getter that throws counts as no. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
	if (typeof value !== 'object' || value === null) return false;
	try {
		return typeof (value as { then?: unknown }).then === 'function';
	} catch {
		return false;
	}
}

/** What a function of the app gave that has to answer at once. Throws a TypeError for a promise; that it fails as well is nobody's. */
export function atOnce<Value>(what: string, given: Value): Value {
	if (!isThenable(given)) return given;
	void Promise.resolve(given).catch(() => {});
	throw new TypeError(`[svelte-realtime] ${what} gave a promise. It has to give its result at once.`);
}
