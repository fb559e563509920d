import { appendFileSync, readFileSync } from 'node:fs';
import { combineSum, live } from 'svelte-realtime/server';

const say = (what: string, id: unknown): void => console.log(`${what} ${id} in ${process.pid}`);

export const where = live(() => process.pid);
export const order = live((ctx, id: number) => {
	appendFileSync(process.env.LEDGER!, `${id}\n`);
	ctx.publish('orders', 'created', { id });
});

export const mail = live.effect<{ id: number }>(['orders'], (_event, { id }) => say('mail', id));
export const everywhere = live.effect<{ id: number }>(['orders'], (_event, { id }) => say('everywhere', id), {
	scope: 'every-instance'
});
/** What follows from a value that each worker computes is still done once. */
export const late = live.derived(['orders'], () => readFileSync(process.env.LEDGER!, 'utf8').split('\n').length - 1);
export const after = live.effect(['values/late'], () => say('after', 0));

/** One field is broken. */
export const sums = live.aggregate(
	'orders',
	{
		broken: {
			reduce: () => {
				throw new Error('broken');
			}
		},
		count: { init: () => 0, reduce: (n: number) => n + 1, combine: combineSum }
	},
	{ topic: 'sums' }
);

/** Two that would change each other for ever. */
export const ping = live.effect(['orders', 'pong'], (_event, _data, platform) => void platform.publish('ping', 'e'));
export const pong = live.effect(['ping'], (_event, _data, platform) => void platform.publish('pong', 'e'));

export const list = live.stream('list', () => [{ id: 1, pid: process.pid }], { invalidateOn: 'orders', merge: 'set' });
