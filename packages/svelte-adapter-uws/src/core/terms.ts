import type { UpgradeTerms } from '../contract/connection.ts';
import { atOnce } from './isolation.ts';

/** For how long a connection may stay, and what it is known by beside its user data. */
export interface Terms {
	readonly session: string | number | undefined;
	/** Milliseconds since 1970; `Infinity` = for ever. */
	readonly expiresAt: number;
}

const FOR_EVER: Terms = { session: undefined, expiresAt: Infinity };

/** The terms with what is given in its place; what is absent stays. Throws as `readTerms`. */
export function changeTerms(terms: Terms, changes: UpgradeTerms): Terms {
	const { session, expiresAt } = atOnce('What renew was given', changes);
	return readTerms({
		session: session === undefined ? terms.session : session,
		expiresAt: expiresAt === undefined ? terms.expiresAt : expiresAt
	});
}

/** Reads what an `upgrade` hook gave. Throws a TypeError for what is no time and no session. */
export function readTerms(terms: UpgradeTerms | undefined): Terms {
	if (terms === undefined) return FOR_EVER;
	const { session, expiresAt = Infinity }: { readonly session?: unknown; readonly expiresAt?: unknown } = terms;
	if (session !== undefined && typeof session !== 'string' && typeof session !== 'number')
		throw new TypeError(`terms: session is ${session === null ? 'null' : typeof session}, expected a string or a number.`);
	const time = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
	if (typeof time !== 'number' || Number.isNaN(time))
		throw new TypeError('terms: expiresAt is no time, expected a Date or milliseconds since 1970.');
	return { session, expiresAt: time };
}
