/**
 * Where an envelope stands in its topic. Positions compare only within one epoch: a counter that
 * was lost (restart, other node) starts a new epoch, so a stale position is never taken for a valid one.
 */
export interface Position {
	readonly epoch: string;
	readonly seq: number;
}

/** One event on one topic: the unit that is published, relayed, replayed and merged. */
export interface Envelope {
	readonly topic: string;
	readonly event: string;
	readonly data: unknown;
	/** Absent on direct sends and where the publisher opted out. */
	readonly position?: Position;
}

/**
 * An envelope as it travels between nodes and to sockets. Nobody encodes it twice: `head` is the JSON
 * text up to, but without, the position fields and the closing brace.
 */
export interface Encoded {
	readonly topic: string;
	readonly head: string;
	readonly position?: Position;
}
