import { expect, it } from 'vitest';
import { parseLiveModule } from '../scan/parse.ts';
import { clientStub } from './client-stub.ts';
import { ssrStub } from './ssr-stub.ts';
import { moduleTypes } from './types.ts';

const module = parseLiveModule(
	'shop/orders',
	'/app/src/live/shop/orders.ts',
	`
		import { guard, live } from 'svelte-realtime/server';
		export const _guard = guard({ authenticated: true });
		export const tidy = live.cron('@daily', 'tidy', () => {});
		export const mail = live.effect(['orders'], () => {});
		export const open = live.derived(['orders'], () => 1);
		export const ofShop = live.derived((shop) => ['orders:' + shop], (ctx, shop) => 1, { merge: 'crud' });
		export const total = live.aggregate('orders', {}, { topic: 'total' });
		export const sales = live.aggregate('orders', {}, { topic: 'sales', windows: { all: {}, 'last-hour': {} } });
	`,
	() => undefined
);
const exported = (text: string): string[] => text.split('\n').filter((line) => /^export (?:declare )?const/.test(line));

it('gives browsers a stream for each value and each window, and nothing of what runs without them', () => {
	expect(exported(clientStub(module))).toEqual([
		`export const open = __stream("shop/orders/open", {"merge":"set"}, false);`,
		`export const ofShop = __stream("shop/orders/ofShop", {"merge":"crud"}, true);`,
		`export const total = __stream("shop/orders/total", {"merge":"set"}, false);`,
		`export const sales = { "all": __stream("shop/orders/sales/__window/all", { merge: 'set' }), "last-hour": __stream("shop/orders/sales/__window/last-hour", { merge: 'set' }) };`
	]);
});

it('gives pages on the server the same, to load', () => {
	expect(exported(ssrStub(module))).toEqual([
		`export const open = ssrStream("shop/orders/open", false);`,
		`export const ofShop = ssrStream("shop/orders/ofShop", true);`,
		`export const total = ssrStream("shop/orders/total", false);`,
		`export const sales = { "all": ssrStream("shop/orders/sales/__window/all", false), "last-hour": ssrStream("shop/orders/sales/__window/last-hour", false) };`
	]);
});

it('declares what it gives', () => {
	expect(exported(moduleTypes(module, '/app/node_modules/$live/shop/orders.d.ts')).map((line) => line.split(/[ :]/)[3])).toEqual([
		'open',
		'ofShop',
		'total',
		'sales'
	]);
});
