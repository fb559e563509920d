import type { Readable } from '../../contract/client.ts';
import { createKeyedReducer, keyedFrom } from '../../merge/keyed.ts';
import type { BatchReducer } from '../../merge/reducer.ts';
import type { RowOptions } from './ageing.ts';
import { createRowStore } from './reduced.ts';

/**
 * Items by key, on an object without a prototype, that follows the events `created`, `updated` and `deleted` of a topic. It is
 * `initial` again when nobody watches it.
 * @example const users = lookup<User>('users', data.users, { key: 'email' });
 */
export function lookup<T>(
	topic: string,
	initial: readonly T[] = [],
	options: RowOptions = {}
): Readable<Readonly<Record<string, T>>> {
	type Items = Readonly<Record<string, T>>;
	const { key } = options;
	return createRowStore(topic, keyedFrom(initial, key) as Items, createKeyedReducer(key) as BatchReducer<Items>, options);
}
