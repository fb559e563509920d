import type { Readable } from '../../contract/client.ts';
import { createCountReducer } from '../../merge/count.ts';
import { createReducedStore } from './reduced.ts';

/**
 * A number that follows the events `set`, `increment` and `decrement` of a topic. It is `initial` again when nobody watches it.
 * @example const online = count('online', data.online);
 */
export function count(topic: string, initial: number = 0): Readable<number> {
	return createReducedStore(topic, initial, createCountReducer());
}
