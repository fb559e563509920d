import type { Reducer } from './reducer.ts';

/** A counter: `set` takes a number, `increment` and `decrement` a number or 1. Everything else is ignored. */
export function createCountReducer(): Reducer<number> {
	return {
		reduce(state, event, data) {
			const number = typeof data === 'number' && Number.isFinite(data);
			if (event === 'set') return number ? data : state;
			const sign = event === 'increment' ? 1 : event === 'decrement' ? -1 : 0;
			return sign === 0 ? state : state + sign * (number ? data : 1);
		}
	};
}
