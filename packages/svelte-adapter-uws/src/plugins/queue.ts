import { TaskQueue, type QueueOptions } from '../service/queue/queue.ts';

export type { QueueOptions, Task } from '../service/queue/queue.ts';

/** Runs the tasks of each key in order. */
export type Queue = Pick<TaskQueue, keyof TaskQueue>;

/**
 * Runs tasks one after the other for each key, or a few at a time. Throws for an option out of range.
 *
 * @example
 * const queue = createQueue();
 * const receipt = await queue.push(`account:${id}`, () => book(id, amount));
 */
export function createQueue(options: QueueOptions = {}): Queue {
	return new TaskQueue(options);
}
