import type { Clock } from '../contract/clock.ts';

const SLICE = 1_000;
const PAUSE_MS = 100;

/**
 * Does something to many things, a thousand at a time with a tenth of a second in between: whoever reacts to it does not react all at
 * once, and the process goes on answering others. Takes more at a time when that would not be done `withinMs`. The first slice is done
 * when this returns.
 */
export async function inSlices<Item>(
	items: readonly Item[],
	act: (item: Item) => void,
	{ clock, withinMs }: { readonly clock: Clock; readonly withinMs: number }
): Promise<void> {
	const size = Math.max(SLICE, Math.ceil((items.length * PAUSE_MS) / withinMs));
	for (let start = 0; start < items.length; start += size) {
		if (start > 0) await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
		for (const item of items.slice(start, start + size)) act(item);
	}
}
