import { openPage } from '../page.ts';
import type { TopicStore, WSEvent } from './topic.ts';

/**
 * The latest event of a topic, or the data of the latest event of one name. The topic is subscribed while somebody watches.
 * @example const price = on<number>('price', 'changed');
 */
export function on<T = unknown>(topic: string): TopicStore<WSEvent<T>>;
export function on<T = unknown>(topic: string, event: string): TopicStore<{ readonly data: T }>;
export function on(topic: string, event?: string): TopicStore<any> {
	return openPage().on(topic, event);
}
