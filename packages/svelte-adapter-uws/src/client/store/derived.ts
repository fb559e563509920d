import type { Readable } from '../../contract/client.ts';
import { createLazyStore } from '../cell.ts';
import { openPage } from '../page.ts';
import type { WSEvent } from './topic.ts';

/**
 * The latest event of the topic that `topicOf` gives for the value of `source`; `null` before its first event, and while there is no
 * topic. When the topic changes, the old one is released first.
 * @example const updates = onDerived((id) => `order:${id}`, orderId);
 */
export function onDerived<S, T = unknown>(
	topicOf: (value: NonNullable<S>) => string | null | undefined,
	source: Readable<S>
): Readable<WSEvent<T> | null> {
	return createLazyStore<WSEvent<T> | null>(null, (cell) => {
		let current: string | null | undefined;
		let leave = (): void => {};
		const stop = source.subscribe((value) => {
			const topic = value === null || value === undefined ? undefined : topicOf(value);
			if (topic === current) return;
			leave();
			current = topic;
			cell.set(null);
			leave = topic ? openPage().on<T>(topic).subscribe(cell.set) : () => {};
		});
		return () => {
			stop();
			leave();
		};
	});
}
