import { parseCron, type CronExpression } from '../shared/cron-expression.ts';
import { define } from './definition.ts';
import { checkNames, problem } from './problem.ts';
import type { Cron, CronOptions, CronRun } from './reactive.ts';
import { isTopic, TOPIC_RULE } from './stream.ts';

/** `live.cron`. */
export interface CronMaker {
	/**
	 * Runs a function at certain times, once for all workers of a machine. What it gives, unless `undefined`, is published on the
	 * topic as `set`. The schedule has the fields `minute hour day-of-month month weekday`, with seconds before them if there are
	 * six, or is a macro such as `@daily`. Clients cannot call it.
	 * @example export const refresh = live.cron('0 9 * * MON-FRI', 'stats', async () => db.stats(), { tz: 'Europe/Berlin' });
	 */
	cron(schedule: string, topic: string, run: CronRun, options?: CronOptions): Cron;
}

const OPTIONS: readonly string[] = ['tz', 'timeoutMs', 'jitterMs', 'runOnInit', 'catchUp', 'overlap'];

export const cron: CronMaker['cron'] = (schedule, topic, run, options = {}) => {
	const what = 'live.cron';
	if (typeof schedule !== 'string') throw problem(what, 'schedule', schedule, 'a text such as "*/5 * * * *"');
	if (!isTopic(topic)) throw problem(what, 'topic', topic, TOPIC_RULE);
	if (typeof run !== 'function') throw problem(what, 'fn', run, 'a function (ctx, due) => value');
	checkNames(what, options, OPTIONS);
	const { tz, timeoutMs, jitterMs, runOnInit, catchUp, overlap } = options;
	if (tz !== undefined && !isTimeZone(tz)) throw problem(what, 'tz', tz, 'the name of a time zone such as "Europe/Berlin"');
	if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0))
		throw problem(what, 'timeoutMs', timeoutMs, 'milliseconds above 0');
	if (jitterMs !== undefined && !(Number.isFinite(jitterMs) && jitterMs >= 0))
		throw problem(what, 'jitterMs', jitterMs, 'milliseconds from 0');
	for (const [name, value] of Object.entries({ runOnInit, catchUp, overlap }))
		if (value !== undefined && typeof value !== 'boolean') throw problem(what, name, value, 'true or false');
	return define({ kind: 'cron', schedule: expression(what, schedule), topic, run, options });
};

function expression(what: string, schedule: string): CronExpression {
	try {
		return parseCron(schedule);
	} catch (error) {
		throw problem(what, 'schedule', schedule, `a schedule, but ${(error as Error).message}`);
	}
}

/** Whether the machine knows a time zone. */
export function isTimeZone(name: unknown): name is string {
	if (typeof name !== 'string' || name === '') return false;
	try {
		return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
	} catch {
		return false;
	}
}
