import type { CronExpression } from '../shared/cron-expression.ts';

/** Times of day, as milliseconds since 1970. */
export interface Schedule {
	/** The first time after this one; `Infinity` where there is none. */
	next(after: number): number;
	/** The last time that is not after this one; `-Infinity` where there is none. */
	latest(until: number): number;
}

const HOUR = 3_600_000;

/**
 * The times of an expression in a time zone. A time that clocks skip when they are set forward comes at the moment of the skip;
 * of the two that they show when they are set back, the first one counts where the expression names hours.
 */
export async function loadSchedule({ pattern, hasHours }: CronExpression, timezone: string): Promise<Schedule> {
	// Loaded here: apps without timers do not need it.
	const { Cron } = await import('croner');
	const cron = new Cron(pattern, { paused: true, timezone });
	const isRepeat = hasHours ? repeats(timezone) : () => false;
	const first = (from: number, step: (from: Date) => Date | null | undefined, none: number): number => {
		let time = from;
		do time = step(new Date(time))?.getTime() ?? none;
		while (isRepeat(time));
		return time;
	};
	return {
		next: (after) => first(after, (from) => cron.nextRun(from), Infinity),
		// The library gives what is before its argument.
		latest: (until) => first(until + 1, (from) => cron.previousRuns(1, from)[0], -Infinity)
	};
}

/** Whether clocks in a zone have shown the same time of day before, because they were set back meanwhile. */
function repeats(timeZone: string): (at: number) => boolean {
	const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
	const offset = (at: number): number => {
		const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')!.value;
		const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
		return sign ? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000 : 0;
	};
	return (at) => {
		if (!Number.isFinite(at)) return false;
		// Clocks are set back by three hours at most, and not twice within them.
		const back = offset(at - 3 * HOUR) - offset(at);
		return back > 0 && offset(at - back) === offset(at) + back;
	};
}
