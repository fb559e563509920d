/** One connection of somebody in a topic. */
export interface Member {
	/** Who it is; one person may be there with several connections. */
	readonly key: string;
	readonly connection: string;
	/** The node that holds the connection. */
	readonly node: string;
	/** What others see; JSON. */
	readonly data: unknown;
}

/** Somebody who is not in a topic any more. */
export interface Departure {
	readonly topic: string;
	readonly key: string;
}

/** Who is in which topic. A member that nobody touches for its time to live is gone. */
export interface PresenceStore {
	/** Adds a connection, or replaces its data. `first`: the key was not there before. */
	join(topic: string, member: Member, ttlMs: number): Promise<{ readonly first: boolean }>;
	/** Removes a connection. `last`: the key was there, and now is not. */
	leave(topic: string, member: Pick<Member, 'key' | 'connection'>): Promise<{ readonly last: boolean }>;
	/** Renews every member that a node has in these topics. */
	touch(topics: readonly string[], node: string, ttlMs: number): Promise<void>;
	/** Every connection in a topic, in the order of joining. */
	list(topic: string): Promise<readonly Member[]>;
	/** Removes everything of a node that is gone; gives the keys that are in a topic with no other connection. */
	drop(node: string): Promise<readonly Departure[]>;
}
