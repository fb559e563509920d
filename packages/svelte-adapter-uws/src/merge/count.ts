import type { BatchReducer, MergeEvent } from './reducer.ts';

/** A counter: `set` takes a number, `increment` and `decrement` a number or 1. Everything else is ignored. */
export function createCountReducer(): BatchReducer<number> {
	const reduce = (state: number, event: string, data: unknown): number => {
		const number = typeof data === 'number' && Number.isFinite(data);
		if (event === 'set') return number ? data : state;
		const sign = event === 'increment' ? 1 : event === 'decrement' ? -1 : 0;
		return sign === 0 ? state : state + sign * (number ? data : 1);
	};
	return {
		reduce,
		reduceAll: (state, events: readonly MergeEvent[]) =>
			events.reduce((value, { event, data }) => reduce(value, event, data), state)
	};
}
