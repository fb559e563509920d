/** One cursor, as clients get it. */
export interface CursorEntry<Position = unknown> {
	/** Of the connection. */
	readonly key: string;
	readonly user: unknown;
	readonly data: Position;
}
