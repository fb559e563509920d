/** What a client does about a close: never come back, come back later than usual, or come back. */
export type CloseClass = 'TERMINAL' | 'THROTTLE' | 'RETRY';

// Each is a constant of its own, so that a page carries only the numbers that its client compares with.
const GOING_AWAY = 1001;
const POLICY = 1008;
const RESTART = 1012;
const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;
const THROTTLED = 4429;

/** The codes that have a name. */
export type CloseCodeName =
	| 'NORMAL'
	| 'GOING_AWAY'
	| 'POLICY'
	| 'INTERNAL'
	| 'RESTART'
	| 'UNAUTHORIZED'
	| 'FORBIDDEN'
	| 'THROTTLED';

/** Close codes that mean something between this server and its clients. Every other code is a retry. */
export const CLOSE_CODES: Readonly<Record<CloseCodeName, number>> = {
	NORMAL: 1000,
	GOING_AWAY,
	POLICY,
	INTERNAL: 1011,
	RESTART,
	UNAUTHORIZED,
	FORBIDDEN,
	THROTTLED
};

/** How a client has to take `code`. */
export function classifyCloseCode(code: number): CloseClass {
	if (code === POLICY || code === UNAUTHORIZED || code === FORBIDDEN) return 'TERMINAL';
	return code === THROTTLED ? 'THROTTLE' : 'RETRY';
}

/** Whether the server went away on purpose, and is expected back soon. */
export function isGoingAway(code: number): boolean {
	return code === GOING_AWAY || code === RESTART;
}
