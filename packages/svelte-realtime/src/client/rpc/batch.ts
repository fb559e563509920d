import type { Waiter } from './waiter.ts';

/** One request of a batch, encoded. */
export interface BatchEntry {
	readonly frame: string;
	readonly path: string;
	readonly waiter: Waiter;
}

/**
 * Joins encoded requests into one frame; a single one goes as it is. `sequential`: one after the other; `each`: answered each by
 * itself.
 */
export function batchFrame(entries: readonly BatchEntry[], mode?: 'sequential' | 'each'): string {
	const frames = entries.map(({ frame }) => frame).join(',');
	return entries.length === 1 ? frames : `{"batch":[${frames}]${mode ? `,"${mode}":true` : ''}}`;
}
