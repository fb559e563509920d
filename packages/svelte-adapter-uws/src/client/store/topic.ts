import type { Client, Readable } from '../../contract/client.ts';
import type { Envelope } from '../../contract/envelope.ts';
import { createLazyStore } from '../cell.ts';
import { guard } from '../guard.ts';

/** One event, as the stores show it. */
export interface WSEvent<T = unknown> {
	readonly topic: string;
	readonly event: string;
	readonly data: T;
	/** Number of the event in its topic; absent on direct sends. */
	readonly seq?: number;
}

/** The latest event of a topic; `null` before the first. */
export interface TopicStore<T> extends Readable<T | null> {
	/**
	 * Accumulates every event while somebody watches; the value stays when nobody does.
	 * @example const total = on<number>('votes', 'cast').scan(0, (sum, { data }) => sum + data);
	 */
	scan<A>(initial: A, reducer: (accumulated: A, value: T) => A): Readable<A>;
}

/** Stores over the topics of one connection. */
export interface TopicStores {
	<T = unknown>(topic: string): TopicStore<WSEvent<T>>;
	<T = unknown>(topic: string, event: string): TopicStore<{ readonly data: T }>;
	(topic: string, event?: string): TopicStore<any>;
}

/** An envelope as the stores show it. */
export function toEvent({ topic, event, data, position }: Envelope): WSEvent {
	return position ? { topic, event, data, seq: position.seq } : { topic, event, data };
}

/** Hears a topic and holds its wire subscription; the function that comes back ends both. */
export function hold(
	client: Pick<Client, 'listen' | 'subscribe'>,
	topic: string,
	listener: (envelopes: readonly Envelope[]) => void
): () => void {
	const release = client.subscribe(topic);
	const deafen = client.listen(topic, listener);
	return () => {
		deafen();
		release();
	};
}

/** Creates the stores of a connection. All stores of one topic show the same value. */
export function createTopicStores(client: Pick<Client, 'listen' | 'subscribe'>): TopicStores {
	// Only of topics that somebody watches.
	const watched = new Map<string, Readable<unknown>>();

	return (topic: string, event?: string): TopicStore<any> => {
		const name = event === undefined ? topic : `${topic}\n${event}`;
		const each = (use: (value: unknown) => void): (() => void) =>
			hold(client, topic, (envelopes) => {
				for (const envelope of envelopes) {
					// A new object for every event, so that equal data is news too.
					if (event === undefined) guard(use, toEvent(envelope));
					else if (envelope.event === event) guard(use, { data: envelope.data });
				}
			});
		return {
			subscribe(run) {
				let store = watched.get(name);
				if (!store) {
					store = createLazyStore<unknown>(null, (cell) => {
						const stop = each(cell.set);
						return () => {
							watched.delete(name);
							stop();
						};
					});
					watched.set(name, store);
				}
				return store.subscribe(run);
			},
			scan: (initial, reducer) => createLazyStore(initial, (cell) => each((value) => cell.set(reducer(cell.value, value))), true)
		};
	};
}
