import type { CronExpression } from '../shared/cron-expression.ts';
import type { Context } from './context.ts';

/** Options of `live.cron`. */
export interface CronOptions {
	/** The time zone that the schedule is read in, such as `Europe/Berlin`. Default `UTC`. */
	readonly tz?: string;
	/** Milliseconds after which a run is given up: `ctx.signal` aborts, and `TIMEOUT` is reported. Default: none. */
	readonly timeoutMs?: number;
	/** Milliseconds of which a random part is waited before each run. Default 0. */
	readonly jitterMs?: number;
	/** Runs when the server starts as well; once for workers that start within the same minute. Default false. */
	readonly runOnInit?: boolean;
	/** Runs once, late, for times that passed while the process was asleep or blocked for more than a minute. Default false. */
	readonly catchUp?: boolean;
	/** Lets a run begin while the one before it goes on. Default false: it is left out. */
	readonly overlap?: boolean;
}

/** The function of `live.cron`. `due` is the time of the schedule that it runs for. */
export type CronRun = (ctx: Context, due: Date) => unknown;

/** Something that runs at certain times: `live.cron(schedule, topic, run, options)`. */
export interface Cron {
	readonly kind: 'cron';
	readonly schedule: CronExpression;
	/** What `run` gives, unless `undefined`, is published here as `set`. */
	readonly topic: string;
	readonly run: CronRun;
	readonly options: CronOptions;
}
