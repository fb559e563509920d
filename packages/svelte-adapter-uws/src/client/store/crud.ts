import type { Readable } from '../../contract/client.ts';
import { createCrudReducer } from '../../merge/crud.ts';
import type { BatchReducer } from '../../merge/reducer.ts';
import type { RowOptions } from './ageing.ts';
import { createRowStore } from './reduced.ts';

/** How `crud` merges. */
export interface CrudOptions extends RowOptions {
	/** New items go to the front. Default false. */
	readonly prepend?: boolean;
}

/**
 * A list that follows the events `created`, `updated` and `deleted` of a topic. It is `initial` again when nobody watches it.
 * @example const todos = crud<Todo>('todos', data.todos, { prepend: true });
 */
export function crud<T>(topic: string, initial: readonly T[] = [], options: CrudOptions = {}): Readable<readonly T[]> {
	return createRowStore(topic, initial, createCrudReducer(options) as BatchReducer<readonly T[]>, options);
}
