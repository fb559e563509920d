import type { Readable } from '../../contract/client.ts';
import { createLatestReducer } from '../../merge/latest.ts';
import type { BatchReducer } from '../../merge/reducer.ts';
import { createReducedStore } from './reduced.ts';
import { toEvent, type WSEvent } from './topic.ts';

/**
 * The last `max` events of a topic, oldest first. It is `initial` again when nobody watches it.
 * @example const feed = latest<Message>('chat', 100);
 */
export function latest<T = unknown>(
	topic: string,
	max: number = 50,
	initial: readonly WSEvent<T>[] = []
): Readable<readonly WSEvent<T>[]> {
	if (!(max > 0)) throw new RangeError(`latest(): got max ${max}, expected a number above 0.`);
	const reducer = createLatestReducer(max) as BatchReducer<readonly WSEvent<T>[]>;
	return createReducedStore(topic, initial, reducer, (envelopes) =>
		envelopes.map((envelope) => ({ event: envelope.event, data: toEvent(envelope) }))
	);
}
