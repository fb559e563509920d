/** What failing hooks say; nobody but the log may hear it. */
export const SECRET = 'the password is hunter2';

/** Every way in which a hook can fail, by what it does. */
export const FAILURES: readonly (readonly [how: string, fail: () => any])[] = [
	['throws', () => raise(new Error(SECRET))],
	['throws null', () => raise(null)],
	['throws a frozen error', () => raise(Object.freeze(new Error(SECRET)))],
	['rejects', () => Promise.reject(new Error(SECRET))],
	['gives a thenable whose then throws', () => ({ then: () => raise(new Error(SECRET)) })]
];

/** Throws any value, as an app may. */
export function raise(value: unknown): never {
	throw value;
}
