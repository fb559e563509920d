import type { Readable } from '../../contract/client.ts';
import type { Envelope } from '../../contract/envelope.ts';
import type { BatchReducer, MergeEvent } from '../../merge/reducer.ts';
import { createLazyStore } from '../cell.ts';
import { openPage } from '../page.ts';
import { hold } from './topic.ts';

/** A store that starts with `initial` and merges what comes on `topic`: one update a frame, none when nothing changed. */
export function createReducedStore<T>(
	topic: string,
	initial: T,
	reducer: BatchReducer<T>,
	toMerge: (envelopes: readonly Envelope[]) => readonly MergeEvent[] = (same) => same
): Readable<T> {
	return createLazyStore(initial, (cell) =>
		hold(openPage(), topic, (envelopes) => {
			const next = reducer.reduceAll(cell.value, toMerge(envelopes));
			if (next !== cell.value) cell.set(next);
		})
	);
}
