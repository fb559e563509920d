const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** The inbound `X-Request-ID` when it has 1 to 128 visible ASCII characters, otherwise a fresh one. */
export function requestId(header: string, randomId: () => string): string {
	const given = header.trim();
	return REQUEST_ID.test(given) ? given : randomId();
}
