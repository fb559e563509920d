import type { Envelope, Position } from '../envelope.ts';

/** An envelope that a store has numbered. */
export type Stored = Envelope & { readonly position: Position };

/** The newest events of each topic, numbered by the store. What is stored is a copy: JSON of the data at the time of the call. */
export interface ReplayStore {
	/** Stores an event under the next number of its topic. Rejects with a TypeError for data that JSON cannot carry. */
	append(topic: string, event: string, data: unknown): Promise<Stored>;
	/**
	 * Everything after a position, oldest first; `undefined` when some of it is gone or the position is of another epoch: the
	 * caller must load afresh then.
	 */
	since(topic: string, position: Position): Promise<readonly Stored[] | undefined>;
	/** Where the topic stands; `seq` 0 before the first event. */
	current(topic: string): Promise<Position>;
	/** Forgets a topic's events; what follows is numbered in a new epoch. */
	forget(topic: string): Promise<void>;
}
