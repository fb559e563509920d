import type { MergeEvent, Reducer } from './reducer.ts';

/** Merges events in order: the same state as one `reduce` after the other, with one copy of the state where the reducer can. */
export function reduceAll<State>(reducer: Reducer<State>, state: State, events: readonly MergeEvent[]): State {
	if (reducer.reduceAll) return reducer.reduceAll(state, events);
	for (const { event, data } of events) state = reducer.reduce(state, event, data);
	return state;
}
