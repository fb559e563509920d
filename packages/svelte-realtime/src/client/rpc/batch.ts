import type { Waiter } from './pending.ts';

/** One call of a batch, encoded. */
export interface BatchEntry {
	readonly frame: string;
	readonly path: string;
	readonly waiter: Waiter;
	/** What the caller got. */
	readonly promise: Promise<unknown>;
}

/** Joins encoded calls into one frame; a single call goes as it is. */
export function batchFrame(entries: readonly BatchEntry[], sequential: boolean): string {
	const [first] = entries;
	if (entries.length === 1 && first) return first.frame;
	return `{"batch":[${entries.map((entry) => entry.frame).join(',')}]${sequential ? ',"sequential":true' : ''}}`;
}
