/** What a client does about a close: never come back, come back later than usual, or come back. */
export type CloseClass = 'TERMINAL' | 'THROTTLE' | 'RETRY';

/** Close codes that mean something between this server and its clients. Every other code is a retry. */
export const CLOSE_CODES = {
	NORMAL: 1000,
	GOING_AWAY: 1001,
	POLICY: 1008,
	INTERNAL: 1011,
	RESTART: 1012,
	UNAUTHORIZED: 4401,
	FORBIDDEN: 4403,
	THROTTLED: 4429
} as const;

/** How a client has to take `code`. */
export function classifyCloseCode(code: number): CloseClass {
	switch (code) {
		case CLOSE_CODES.POLICY:
		case CLOSE_CODES.UNAUTHORIZED:
		case CLOSE_CODES.FORBIDDEN:
			return 'TERMINAL';
		case CLOSE_CODES.THROTTLED:
			return 'THROTTLE';
		default:
			return 'RETRY';
	}
}
