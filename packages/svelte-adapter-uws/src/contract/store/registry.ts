/** Where one connection of a user is. */
export interface Place {
	readonly node: string;
	readonly connection: string;
}

/** Which nodes hold connections of which user, so that a message can be pushed to them. */
export interface RegistryStore {
	/** Adds a connection of a user, for `ttlMs` unless touched. */
	open(user: string, place: Place, ttlMs: number): Promise<void>;
	/** True when it was there. */
	close(user: string, place: Place): Promise<boolean>;
	/** Every connection of a user, the latest to open first. */
	find(user: string): Promise<readonly Place[]>;
	/** Renews everything that a node holds. */
	touch(node: string, ttlMs: number): Promise<void>;
	/** Removes everything of a node that is gone. */
	drop(node: string): Promise<void>;
}
