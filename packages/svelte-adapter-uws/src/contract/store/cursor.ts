/** Where somebody points in a topic. */
export interface CursorSeat {
	/** Unique among all nodes. */
	readonly key: string;
	/** The node that holds its connection. */
	readonly node: string;
	/** What others see of the user; JSON. */
	readonly user: unknown;
	/** The position; JSON. */
	readonly data: unknown;
}

/** Where everybody points, by topic, for those who come. A cursor that nobody renews is gone. */
export interface CursorStore {
	/** Puts a cursor, or moves it. */
	put(topic: string, cursor: CursorSeat, ttlMs: number): Promise<void>;
	/** True when it was there. */
	remove(topic: string, key: string): Promise<boolean>;
	/** Renews every cursor that a node has in these topics. */
	touch(topics: readonly string[], node: string, ttlMs: number): Promise<void>;
	/** In the order of coming. */
	list(topic: string): Promise<readonly CursorSeat[]>;
	/** Removes every cursor of a node that is gone. */
	drop(node: string): Promise<void>;
}
