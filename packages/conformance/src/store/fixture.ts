/** One store as several nodes see it. */
export interface StoreFixture<Store> {
	/** The same store, once for each node; at least one. */
	readonly nodes: readonly Store[];
	/** Lets time pass for the store, in milliseconds. */
	pass(ms: number): Promise<void>;
}

/** Hands out the nodes in turn, so that what one does is asked of another. */
export function inTurn<Store>({ nodes }: StoreFixture<Store>): () => Store {
	let next = 0;
	return () => nodes[next++ % nodes.length]!;
}
