/** A number of an option: at least `min`, whole when `whole`, without end when `endless`. `where` names the plugin and the option. */
export function checkNumber(
	where: string,
	value: number,
	{ min, whole = false, endless = false }: { readonly min: number; readonly whole?: boolean; readonly endless?: boolean }
): number {
	const fits = typeof value === 'number' && value >= min && (value === Infinity ? endless : !whole || Number.isInteger(value));
	if (!fits) {
		const kind = whole ? 'a whole number' : 'a finite number';
		throw new RangeError(`${where}: got ${String(value)}, expected ${kind} of ${min} or more${endless ? ', or Infinity' : ''}.`);
	}
	return value;
}

/** A cap: a whole number of 1 or more. */
export const checkCap = (where: string, value: number): number => checkNumber(where, value, { min: 1, whole: true });

/** A span of time in milliseconds that is not empty. */
export function checkSpan(where: string, value: number): number {
	if (!(typeof value === 'number' && value > 0 && Number.isFinite(value)))
		throw new RangeError(`${where}: got ${String(value)}, expected a finite number of milliseconds above 0.`);
	return value;
}

/** A key that comes from outside: a string of 1 to `max` UTF-16 units. */
export function checkKey(where: string, key: unknown, max: number): asserts key is string {
	if (typeof key !== 'string' || key === '')
		throw new TypeError(`${where}: got ${describe(key)}, expected a string that is not empty.`);
	if (key.length > max) throw new RangeError(`${where}: got ${key.length} characters, expected at most ${max}.`);
}

/** A function that the plugin is to call. */
export function checkFunction(where: string, value: unknown): void {
	if (typeof value !== 'function') throw new TypeError(`${where}: got ${describe(value)}, expected a function.`);
}

function describe(value: unknown): string {
	if (value === '') return 'an empty string';
	return value === null ? 'null' : typeof value;
}
