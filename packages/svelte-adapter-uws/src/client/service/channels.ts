import { openPage } from '../page.ts';
import type { TopicStore, WSEvent } from '../store/topic.ts';

/** A topic whose events are named. */
export interface ClientChannel<Events extends string = string> {
	readonly topic: string;
	readonly events: readonly Events[] | null;
	/** As `on` of the client. Throws an Error for an event that is not in the list, if there is one. */
	on<T = unknown>(): TopicStore<WSEvent<T>>;
	on<T = unknown>(event: Events): TopicStore<{ readonly data: T }>;
}

/**
 * The browser half of `createChannel`: a topic and, if given, the names of its events, so that a misspelt one is an error.
 *
 * @example
 * const todos = channel('todos', ['created', 'deleted']);
 * const created = todos.on('created');
 */
export function channel<Events extends string = string>(topic: string, events?: readonly Events[]): ClientChannel<Events> {
	if (typeof topic !== 'string' || topic === '') throw new TypeError('channel: topic: expected a string that is not empty.');
	const names = events ? [...events] : null;
	return {
		topic,
		events: names,
		on(event?: Events): TopicStore<any> {
			if (event === undefined) return openPage().on(topic);
			if (names && !names.includes(event))
				throw new Error(`channel ${topic}: there is no event ${event}. It has: ${names.join(', ')}.`);
			return openPage().on(topic, event);
		}
	};
}
