import type { PageClock } from '../clock.ts';
import { loadDelay } from './backoff.ts';

/** Runs something, which is not due yet, at the next moment; gives what keeps it from that. */
export type Soon = (run: () => void) => () => void;

/** What a page does shortly after it is connected again, all of it at one moment: so pages spread, and what one of them asks travels together. */
export function createSoon(clock: PageClock, random: () => number): Soon {
	const due = new Set<() => void>();
	let stop: () => void;
	return (run) => {
		if (due.size === 0)
			stop = clock.after(loadDelay(1, random), () => {
				const all = [...due];
				due.clear();
				for (const each of all) each();
			});
		due.add(run);
		return () => {
			if (due.delete(run) && due.size === 0) stop();
		};
	};
}
