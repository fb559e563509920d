/** Calls of one microtask, by what they ask: equal ones share a promise. */
export class SharedCalls {
	readonly #open = new Map<string, Promise<unknown>>();

	/** Gives the promise of an equal call of this microtask, or makes the call. */
	share<T>(key: string, make: () => Promise<T>): Promise<T> {
		const known = this.#open.get(key);
		if (known) return known as Promise<T>;
		if (this.#open.size === 0) queueMicrotask(() => this.#open.clear());
		const made = make();
		this.#open.set(key, made);
		return made;
	}

	/** Shares none of the calls made so far. */
	forget(): void {
		this.#open.clear();
	}
}

/** A text that is equal exactly for equal calls: types count, so `1`, `'1'`, `null` and `undefined` differ. Throws what JSON throws. */
export function callKey(path: string, args: readonly unknown[]): string {
	return `${path} ${JSON.stringify(args, typed)}`;
}

/** Strings get a mark, so that other values can become strings that no string is. */
function typed(_key: string, value: unknown): unknown {
	if (typeof value === 'string') return `s${value}`;
	return value === undefined ? 'u' : value;
}
