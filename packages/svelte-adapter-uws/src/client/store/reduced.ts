import type { Readable } from '../../contract/client.ts';
import type { Envelope } from '../../contract/envelope.ts';
import { reduceAll } from '../../merge/reduce-all.ts';
import type { MergeEvent, Reducer } from '../../merge/reducer.ts';
import { createLazyStore } from '../cell.ts';
import { connect } from '../page.ts';
import { hold } from './topic.ts';

/** A store that starts with `initial` and merges what comes on `topic`: one update a frame, none when nothing changed. */
export function createReducedStore<T>(topic: string, initial: T, reducer: Reducer<T>, toMerge: (envelopes: readonly Envelope[]) => readonly MergeEvent[] = (same) => same): Readable<T> {
	return createLazyStore(initial, (cell) =>
		hold(connect(), topic, (envelopes) => {
			const next = reduceAll(reducer, cell.value, toMerge(envelopes));
			if (next !== cell.value) cell.set(next);
		})
	);
}
