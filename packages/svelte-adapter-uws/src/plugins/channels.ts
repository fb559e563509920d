import { TopicChannel, type EventMap } from '../service/channels/channel.ts';

export type { EventMap, Validator } from '../service/channels/channel.ts';

/** Publishes the events of one topic, and nothing else. */
export type Channel<Events extends EventMap = EventMap> = Pick<TopicChannel<Events>, keyof TopicChannel<Events>>;

/**
 * Names the events of a topic and checks their data before they leave. Throws for a bad topic or validator.
 *
 * @example
 * const todos = createChannel('todos', { created: Todo, cleared: null });
 * todos.publish(platform, 'created', { id: 1, text: 'Milk' });
 */
export function createChannel<Events extends EventMap>(topic: string, events: Events): Channel<Events> {
	return new TopicChannel(topic, events);
}
