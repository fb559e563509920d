import type { Feature } from '../../runtime/host.ts';
import { loadSchedule } from '../../runtime/schedule.ts';
import { Ticker } from '../../runtime/ticker.ts';
import { Job } from './job.ts';

/** `live.cron(schedule, topic, run, options)`. */
export const cron: Feature<'cron'> = {
	kind: 'cron',
	install(host, { path, definition }) {
		const { schedule: expression, options } = definition;
		const job = new Job(host, path, definition);
		let ticker: Ticker | undefined;
		let isDisposed = false;
		if (options.runOnInit) job.begin();
		loadSchedule(expression, options.tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone).then(
			(schedule) => {
				if (!isDisposed) ticker = new Ticker(host, schedule, (time) => job.tick(time, schedule.next(time)));
			},
			(error: unknown) => host.onError(path, error)
		);
		return {
			[Symbol.dispose]() {
				isDisposed = true;
				ticker?.[Symbol.dispose]();
				job[Symbol.dispose]();
			}
		};
	}
};
