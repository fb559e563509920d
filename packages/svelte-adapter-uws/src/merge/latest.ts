import type { BatchReducer, MergeEvent } from './reducer.ts';

/**
 * The newest `max` data, oldest first, whatever the event; 0 = all. An event of the name `refresh` replaces the value instead.
 * A state that is no array counts as the empty list.
 */
export function createLatestReducer(max: number, refresh?: string): BatchReducer<unknown> {
	const reduceAll = (state: unknown, events: readonly MergeEvent[]): unknown => {
		if (events.length === 0) return state;
		const from = events.findLastIndex(({ event }) => event === refresh);
		const base = from < 0 ? state : events[from]!.data;
		if (from === events.length - 1) return base;
		const list: unknown[] = Array.isArray(base) ? base.slice() : [];
		for (let i = from + 1; i < events.length; i++) list.push(events[i]!.data);
		return max > 0 && list.length > max ? list.slice(-max) : list;
	};
	return { reduceAll, reduce: (state, event, data) => reduceAll(state, [{ event, data }]) };
}
