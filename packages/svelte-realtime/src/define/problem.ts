/** A definition that cannot work: what stands where, and what was expected. */
export function problem(what: string, field: string, got: unknown, expected: string): TypeError {
	const shown =
		typeof got === 'string'
			? JSON.stringify(got)
			: Array.isArray(got)
				? 'a list'
				: typeof got === 'object' && got !== null
					? 'an object'
					: String(got);
	return new TypeError(`[svelte-realtime] ${what}: ${field} is ${shown}, expected ${expected}.`);
}

/** Throws unless it is an object, and for names that no option has. */
export function checkNames(what: string, given: object, known: readonly string[], field = 'options'): void {
	if (typeof given !== 'object' || given === null) throw problem(what, field, given, 'an object');
	for (const name of Object.keys(given)) if (!known.includes(name)) throw problem(what, field, name, known.join(', '));
}
