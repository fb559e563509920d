/** One event as it is merged. An `Envelope` is one. */
export interface MergeEvent {
	readonly event: string;
	readonly data: unknown;
}

/**
 * How the events of a topic change a value. Pure: `reduce` never changes `state`; it gives the same reference back when
 * nothing changed. For all partitions into batches, a sequence of events gives the same state.
 */
export interface Reducer<State> {
	reduce(state: State, event: string, data: unknown): State;
	/** The same as `reduce` for each event in order, at the cost of one copy of the state. */
	reduceAll?(state: State, events: readonly MergeEvent[]): State;
}

/** A reducer that takes batches. */
export type BatchReducer<State> = Required<Reducer<State>>;

/** The merge strategies of a stream. */
export type MergeName = 'crud' | 'latest' | 'set' | 'presence' | 'cursor';

export interface MergeOptions {
	/** Identity field of `crud`. Default `id`. */
	readonly key?: string;
	/** `crud`: new items go to the front. Default false. */
	readonly prepend?: boolean;
	/** Items kept. Default 50 for `latest`, unlimited (0) for `crud`. */
	readonly max?: number;
}
