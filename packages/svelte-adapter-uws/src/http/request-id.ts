const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** An id that a client may give its request: 1 to 128 visible ASCII characters, white space around it aside. `null` = it is none. */
export function resolveRequestId(value: unknown): string | null {
	if (typeof value !== 'string') return null;
	const given = value.trim();
	return REQUEST_ID.test(given) ? given : null;
}

/** The inbound `X-Request-ID` when it is one, otherwise a fresh one. */
export function requestId(header: string, randomId: () => string): string {
	return resolveRequestId(header) ?? randomId();
}
