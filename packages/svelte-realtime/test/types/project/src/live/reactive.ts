import { combineSum, guard, live } from 'svelte-realtime/server';

export const _guard = guard({ authenticated: true });

interface Order {
	readonly shop: string;
	readonly total: number;
}

export const tidy = live.cron('0 3 * * *', 'tidy', (ctx, due) => ({ at: due.getTime(), by: ctx.requestId }), {
	tz: 'Europe/Berlin'
});
export const mail = live.effect<Order>(['orders'], (_event, { total }) => void total.toFixed());

export const open = live.derived(['orders'], async () => ({ open: 1 }));
export const ofShop = live.derived(
	(shop: string, limit?: number) => [`orders:${shop}:${limit}`],
	(_ctx, shop) => [{ shop, total: 1 } satisfies Order]
);
export const mine = live.derived(
	() => ['orders'],
	(ctx) => ctx.user.name,
	{ perUser: true }
);

const fields = {
	count: { init: () => 0, reduce: (n: number) => n + 1, combine: combineSum },
	label: { compute: (state: { count: number }) => `${state.count} orders` }
};
export const total = live.aggregate('orders', fields, { topic: 'total' });
export const sales = live.aggregate('orders', fields, {
	topic: 'sales',
	windows: {
		all: { type: 'lifetime' },
		'last-hour': { type: 'sliding', durationMs: 3_600_000, slideMs: 60_000 }
	},
	snapshots: { all: async () => ({ count: 5 }) }
});
