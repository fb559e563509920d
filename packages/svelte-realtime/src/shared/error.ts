/** One thing that is wrong with the arguments: where, and what. */
export interface Issue {
	readonly path: readonly string[];
	readonly message: string;
}

/** What an error says beside its code and message. */
export interface ErrorDetails {
	readonly issues?: readonly Issue[] | undefined;
	/** Milliseconds after which it may work. */
	readonly retryAfter?: number | undefined;
	readonly cause?: unknown;
	/** The request had left and no answer came: whether it was carried out cannot be known. */
	readonly indeterminate?: boolean;
}

/** The codes that this package gives by itself, with what a server says where nobody says more. Apps may use any other string. */
export const CODES: Readonly<Record<string, string>> = {
	INVALID_REQUEST: 'The request is not understood.',
	NOT_FOUND: 'Not found',
	VALIDATION: 'The arguments are not valid.',
	UNAUTHENTICATED: 'Authentication required',
	FORBIDDEN: 'Access denied',
	RATE_LIMITED: 'Too many requests',
	CONFLICT: 'The key was used for something else.',
	OVERLOADED: 'The server is under pressure.',
	SERVICE_UNAVAILABLE: 'The service does not work at the moment.',
	INTERNAL_ERROR: 'Internal server error',
	CONNECTION_CLOSED: 'The connection is closed.',
	PAYLOAD_TOO_LARGE: 'The payload is too large.',
	CANCELLED: 'Cancelled',
	LOCK_TIMEOUT: 'Somebody else is still at it.',
	LOCK_CLEARED: 'The server is stopping.',
	INVALID_TOPIC: 'The topic is not valid.'
};

class CodedError extends Error {
	/** Stable, for programs; the message is for people. */
	readonly code: string;
	declare readonly issues?: readonly Issue[];
	declare readonly retryAfter?: number;

	constructor(code: string, message: string = code, details: ErrorDetails = {}) {
		super(message, 'cause' in details ? { cause: details.cause } : undefined);
		this.code = code;
		if (details.issues) this.issues = details.issues;
		if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
	}
}

// Two copies of this package may meet in one process: an error of either is known by its mark, not by its class.
const MARK = Symbol.for('svelte-realtime.live-error');

/**
 * An error that its caller may see: code and message reach the client as they are. Everything else that a handler throws
 * becomes `INTERNAL_ERROR`.
 * @example throw new LiveError('OUT_OF_STOCK', 'Only two are left.');
 */
export class LiveError extends CodedError {
	override readonly name = 'LiveError';

	constructor(code: string, message?: string, details?: ErrorDetails) {
		// Here alone, so that pages load none of the sentences: a server sends them.
		super(code, message ?? CODES[code], details);
		Object.defineProperty(this, MARK, { value: true });
	}
}

/** Why a call failed, as the caller sees it: an error of the server, or one of the connection (`TIMEOUT`, `DISCONNECTED`, …). */
export class RpcError extends CodedError {
	override readonly name = 'RpcError';
	/** True where the request had left and no answer came, so that it may have been carried out. False: it has failed, or never left. */
	readonly indeterminate: boolean;

	constructor(code: string, message?: string, details: ErrorDetails = {}) {
		super(code, message, details);
		this.indeterminate = details.indeterminate ?? false;
	}
}

/** Whether an error was thrown to be seen by the caller. */
export function isLiveError(error: unknown): error is LiveError {
	try {
		return typeof error === 'object' && error !== null && MARK in error;
	} catch {
		// A proxy may refuse to answer.
		return false;
	}
}
