import type { Readable } from '../../contract/client.ts';
import type { Envelope } from '../../contract/envelope.ts';
import type { BatchReducer, MergeEvent } from '../../merge/reducer.ts';
import { createLazyStore } from '../cell.ts';
import { openPage } from '../page.ts';
import { startAgeing, type RowOptions } from './ageing.ts';
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

/** The same for rows, a list or an object of them, which may be too old one day. */
export function createRowStore<T>(
	topic: string,
	initial: T,
	reducer: BatchReducer<T>,
	{ key = 'id', maxAge }: RowOptions
): Readable<T> {
	return createLazyStore(initial, (cell) => {
		const merge = (events: readonly MergeEvent[]): void => {
			const next = reducer.reduceAll(cell.value, events);
			if (next !== cell.value) cell.set(next);
		};
		const ageing = maxAge === undefined ? undefined : startAgeing(initial as object, key, maxAge, merge);
		const leave = hold(openPage(), topic, (envelopes) => {
			for (const { event, data } of envelopes) ageing?.note(event, data);
			merge(envelopes);
		});
		return () => {
			ageing?.stop();
			leave();
		};
	});
}
