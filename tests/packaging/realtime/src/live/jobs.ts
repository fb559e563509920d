import { live } from 'svelte-realtime/server';

const say = (what: string, due: Date): void => console.log(`${what} ${due.getTime() / 1000} in ${process.pid}`);

export const each = live.cron('* * * * * *', 'seconds', (_ctx, due) => {
	say('each', due);
	return { pid: process.pid, due: due.getTime() };
});

/** Runs where the timer ran, though every worker hears of it. */
export const seen = live.effect<{ due: number }>(['seconds'], (_event, { due }) => say('seen', new Date(due)));

/** Takes longer than the time between two of its runs. */
export const slow = live.cron('* * * * * *', 'slow', async ({ signal }, due) => {
	say('slow begins', due);
	await new Promise<void>((resolve) => {
		setTimeout(resolve, 2_500);
		signal.addEventListener('abort', () => resolve());
	});
	say('slow ends', due);
});

export const start = live.cron('0 0 1 1 *', 'start', (_ctx, due) => say('start', due), { runOnInit: true });
