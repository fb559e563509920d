import type { Match } from '../contract/peers.ts';

/** What is compared with a match. */
export interface Matchable {
	getUserData(): unknown;
	/** Goes before a field `session` of the user data. */
	readonly session?: string | number | undefined;
}

/** Whether a connection has every field of `match`, by `===`. */
export function isMatch(match: Match, connection: Matchable): boolean {
	const userData = connection.getUserData();
	const fields = (typeof userData === 'object' && userData !== null ? userData : {}) as Readonly<Record<string, unknown>>;
	for (const name of Object.keys(match)) {
		const value = name === 'session' && connection.session !== undefined ? connection.session : fields[name];
		if (value !== match[name]) return false;
	}
	return true;
}

/** Throws a TypeError for a match that says nothing or cannot travel; `instead` is what to do about an empty one. */
export function checkMatch(match: Match, instead: string): void {
	const entries = typeof match === 'object' && match !== null ? Object.entries(match) : [];
	if (entries.length === 0) throw new TypeError(`match: got no fields, which would be everybody. ${instead}`);
	for (const [name, value] of entries)
		if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
			throw new TypeError(`match.${name}: got ${typeof value}, expected a string, number, boolean or null.`);
}
