import type { BatchReducer } from './reducer.ts';

/** One value: every event replaces it. */
export function createSetReducer(): BatchReducer<unknown> {
	return {
		reduce: (_state, _event, data) => data,
		reduceAll: (state, events) => (events.length > 0 ? events[events.length - 1]!.data : state)
	};
}
