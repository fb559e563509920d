import { performance } from 'node:perf_hooks';
// Not the global one: the end of a turn has to come also where a test runs fake timers.
import { setImmediate } from 'node:timers';
import type { Clock } from '../contract/clock.ts';

const LONGEST_TIMEOUT = 2_147_483_647;

/** The time of the machine. */
export function systemClock(): Clock {
	return {
		now: () => performance.now(),
		after(ms, run) {
			let timer: NodeJS.Timeout;
			const wait = (left: number): void => {
				timer =
					left > LONGEST_TIMEOUT
						? setTimeout(() => wait(left - LONGEST_TIMEOUT), LONGEST_TIMEOUT).unref()
						: setTimeout(run, left).unref();
			};
			wait(ms);
			return { [Symbol.dispose]: () => clearTimeout(timer) };
		},
		soon: (run) => void setImmediate(run)
	};
}

/** A clock that moves when it is told to. `soon` is real: it is about order, not about time. */
export interface ManualClock extends Clock {
	/** Moves on by `ms` and runs what is due, in order of time; timers set meanwhile run too when they fall due. */
	advance(ms: number): void;
	/** Timers that wait. */
	readonly pending: number;
}

/** A clock for tests, starting at 0. */
export function manualClock(): ManualClock {
	const timers = new Set<{ readonly at: number; readonly run: () => void }>();
	let now = 0;
	return {
		now: () => now,
		after(ms, run) {
			const timer = { at: now + Math.max(0, ms), run };
			timers.add(timer);
			return { [Symbol.dispose]: () => void timers.delete(timer) };
		},
		soon: (run) => void setImmediate(run),
		advance(ms) {
			const end = now + ms;
			for (;;) {
				let next: { readonly at: number; readonly run: () => void } | undefined;
				for (const timer of timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
				if (!next) break;
				timers.delete(next);
				now = Math.max(now, next.at);
				next.run();
			}
			now = end;
		},
		get pending() {
			return timers.size;
		}
	};
}
