/** Promises by name that a later request settles: a way to hold a response open without waiting for time. */
const waiting = new Map<string, PromiseWithResolvers<string>>();

export function gate(name: string): PromiseWithResolvers<string> {
	const known = waiting.get(name);
	if (known) return known;
	const created = Promise.withResolvers<string>();
	waiting.set(name, created);
	return created;
}
