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
