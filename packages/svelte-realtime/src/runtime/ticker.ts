import type { Host } from './host.ts';
import type { Schedule } from './schedule.ts';

/** Milliseconds after which it looks at the clock again: timers do not follow when it is set, or the machine sleeps. */
const LOOK_MS = 60_000;
/** A clock that is set back by more than this was wrong before; by less, what ran does not run again. */
const SET_BACK_MS = 3 * 3_600_000;

/**
 * Tells each time of a schedule, never early and never twice. When several have passed, because the process was asleep or
 * blocked, it tells the last of them.
 */
export class Ticker implements Disposable {
	readonly #host: Pick<Host, 'after' | 'date'>;
	readonly #schedule: Schedule;
	readonly #due: (time: number) => void;
	/** The time that was told last, the one that comes next, and when the clock was looked at. */
	#last: number;
	#next: number;
	#seen: number;
	#timer: Disposable | undefined;

	/** `due` must not throw. */
	constructor(host: Pick<Host, 'after' | 'date'>, schedule: Schedule, due: (time: number) => void) {
		this.#host = host;
		this.#schedule = schedule;
		this.#due = due;
		this.#last = this.#seen = host.date();
		this.#next = schedule.next(this.#last);
		this.#wait(this.#seen);
	}

	[Symbol.dispose](): void {
		this.#timer?.[Symbol.dispose]();
	}

	#wait(now: number): void {
		this.#timer = this.#host.after(Math.min(Math.max(1, this.#next - now), LOOK_MS), () => this.#look());
	}

	#look(): void {
		const now = this.#host.date();
		const isDue = now >= this.#next;
		if (isDue) this.#last = this.#schedule.latest(now);
		else if (now < this.#last - SET_BACK_MS) this.#last = now;
		if (isDue || now < this.#seen) this.#next = this.#schedule.next(Math.max(this.#last, now));
		this.#seen = now;
		this.#wait(now);
		if (isDue) this.#due(this.#last);
	}
}
