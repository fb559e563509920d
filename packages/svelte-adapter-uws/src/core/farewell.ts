import { withRetryHint } from '../protocol/retry-hint.ts';

/** Why every connection has to go. */
export interface Farewell {
	readonly code: number;
	readonly reason: string;
	/** Every client hears another time to come back, so that the next server is not run over. */
	readonly spread?: boolean;
}

/** Milliseconds within which clients come back, however few they are. */
const LEAST_MS = 1_000;
const MOST_MS = 30_000;

/** Closes a connection, one of `connections` that have to go. */
export function bid(
	connection: { close(code: number, reason: string): void },
	{ code, reason, spread }: Farewell,
	connections: number
): void {
	// A thousand clients a second are what a server that has just started takes.
	const withinMs = Math.min(MOST_MS, Math.max(LEAST_MS, connections));
	connection.close(code, spread ? withRetryHint(reason, Math.random() * withinMs) : reason);
}
