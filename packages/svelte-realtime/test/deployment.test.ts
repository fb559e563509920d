import type { Connection, Platform } from 'svelte-adapter-uws/contract';
import { createTestServer } from 'svelte-adapter-uws/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { detach, runtimeOf } from '../src/attach.ts';
import * as server from '../src/server.ts';

// The samples of the deployment page, as they stand there. What they import of the extensions has the shapes of the page.

const CLUSTER_HOOKS = `
// src/hooks.ws.js
import { realtime } from 'svelte-realtime/server';
import { createRedis, createPubSubBus, createLeader } from 'svelte-adapter-uws-extensions/redis';
const redis = createRedis();
const bus = createPubSubBus(redis);
const leader = createLeader(redis);
export const { open, close, message, init } = realtime({
bus,
leader: leader.isLeader
});
export function upgrade({ cookies }) {
return validateSession(cookies.session_id) || false;
}
`;

const NOTIFY_HOOKS = `
// src/hooks.ws.js
export { message } from 'svelte-realtime/server';
import { createPgClient, createNotifyBridge } from 'svelte-adapter-uws-extensions/postgres';
const pg = createPgClient({ connectionString: process.env.DATABASE_URL });
const notify = createNotifyBridge(pg, {
channel: 'table_changes',
parse: (payload) => JSON.parse(payload)
});
export function open(ws, { platform }) {
notify.activate(platform);
}
`;

const ORDERS = `
// src/live/orders.js - no ctx.publish needed, the DB trigger handles it
export const createOrder = live(async (ctx, items) => {
return db.orders.insert({ userId: ctx.user.id, items });
});
export const orders = live.stream('orders', async (ctx) => {
return db.orders.forUser(ctx.user.id);
}, { merge: 'crud', key: 'id' });
`;

const LIMITED_HOOKS = `
import { realtime, createMessage, setBus, LiveError } from 'svelte-realtime/server';
import { createRedis, createPubSubBus, createLeader, createRateLimit } from 'svelte-adapter-uws-extensions/redis';
const redis = createRedis();
const bus = createPubSubBus(redis);
const leader = createLeader(redis);
const limiter = createRateLimit(redis, { points: 30, interval: 10000 });
setBus(bus);
export const { open, close, init } = realtime({ leader: leader.isLeader });
export function upgrade({ cookies }) { return validateSession(cookies.session_id) || false; }
export const message = createMessage({
async beforeExecute(ws, rpcPath) {
const { allowed, resetMs } = await limiter.consume(ws);
if (!allowed)
throw new LiveError('RATE_LIMITED', \`Retry in \${Math.ceil(resetMs / 1000)}s\`);
}
});
`;

/** Runs a module; its imports come from \`modules\`, and what it does not declare from \`globals\`. */
function run(source: string, names: readonly string[], modules: Record<string, object>, globals: Record<string, unknown> = {}) {
	const text = source
		.replaceAll(
			/^(?:import|export) (\{[^}]*\}) from '([^']+)';$/gm,
			(_, what: string, from: string) => `const ${what} = modules['${from}'];`
		)
		.replaceAll(/^export /gm, '');
	const known = Object.entries({ modules, ...globals });
	const inputs = known.map(([name]) => name);
	const body = Reflect.construct(Function, [...inputs, `${text}\nreturn { ${names.join(', ')} };`]) as (
		...values: unknown[]
	) => any;
	return body(...known.map(([, value]) => value));
}

afterEach(() => server.setBus(null as never));

/** A server with these hooks and the live module of the page, and one client of the user. */
async function serve(hooks: object, exports: Record<string, server.Definition>) {
	const app = await createTestServer({
		transport: 'memory',
		handler: { upgrade: () => ({ id: 'ida' }), shutdown: ({ platform }: { platform: Platform }) => detach(platform), ...hooks }
	});
	for (const [name, definition] of Object.entries(exports)) runtimeOf(app.platform).install(`orders/${name}`, definition);
	const peer = await app.connect();
	const frames: any[] = [];
	peer.onmessage = (frame) => void frames.push(JSON.parse(String(frame)));
	return {
		app,
		frames,
		ask(id: string, request: object): Promise<any> {
			peer.send(JSON.stringify({ rpc: '', ...request, id }));
			return vi.waitFor(() => {
				const reply = frames.find(({ event }) => event === id);
				if (!reply) throw new Error(`No reply to ${id}.`);
				return reply.data;
			});
		},
		[Symbol.asyncDispose]: () => app.close()
	};
}

/** A bus as the page has it, with what went through it. */
function createBus() {
	const relayed: unknown[] = [];
	const wrap = (platform: Platform): Platform =>
		Object.create(platform, {
			publish: {
				value: (...args: Parameters<Platform['publish']>) => (relayed.push(args.slice(0, 3)), platform.publish(...args))
			}
		}) as Platform;
	return { relayed, wrap };
}

const table = { insert: (order: object) => order, forUser: (user: string) => [{ id: 1, userId: user }] };
const ordersModule = () => run(ORDERS, ['createOrder', 'orders'], {}, { live: server.live, db: { orders: table } });

it('relays each publish of calls, timers, effects and endpoints once through the bus of realtime, and asks its leader', async () => {
	const { relayed, wrap } = createBus();
	const leader = { isLeader: vi.fn(() => true) };
	const redis = { createRedis: () => ({}), createPubSubBus: () => ({ wrap }), createLeader: () => leader };
	const hooks = run(
		CLUSTER_HOOKS,
		['open', 'close', 'init', 'upgrade', 'message'],
		{ 'svelte-realtime/server': server, 'svelte-adapter-uws-extensions/redis': redis },
		{ validateSession: (id: string) => id === 's1' && { id: 'ida' } }
	);
	const { upgrade, ...others } = hooks;
	expect([upgrade({ cookies: { session_id: 's1' } }), upgrade({ cookies: {} })]).toEqual([{ id: 'ida' }, false]);
	const { live } = server;
	await using here = await serve(others, {
		call: live((ctx) => ctx.publish('from', 'call')),
		effect: live.effect(['from'], (event, _data, platform) => void (event === 'call' && platform.publish('heard', 'effect'))),
		timer: live.cron('0 0 1 1 *', 'ticked', () => 'cron', { runOnInit: true })
	});
	await here.ask('1', { rpc: 'orders/call' });
	server.publish('from', 'endpoint');
	await vi.waitFor(() => expect(relayed).toHaveLength(4));
	expect(relayed).toEqual(
		expect.arrayContaining([
			['from', 'call', undefined],
			['heard', 'effect', undefined],
			['ticked', expect.any(String), 'cron'],
			['from', 'endpoint', undefined]
		])
	);
	expect(leader.isLeader).toHaveBeenCalled();
});

it('updates a stream through a bridge that publishes on the platform, without ctx.publish', async () => {
	let notified: ((payload: string) => void) | undefined;
	const postgres = {
		createPgClient: () => ({}),
		createNotifyBridge: (_pg: object, { parse }: { parse: (payload: string) => any }) => ({
			activate: (platform: Platform) =>
				(notified ??= (payload) => {
					const { topic, event, data } = parse(payload);
					platform.publish(topic, event, data);
				})
		})
	};
	const hooks = run(NOTIFY_HOOKS, ['message', 'open'], {
		'svelte-realtime/server': server,
		'svelte-adapter-uws-extensions/postgres': postgres
	});
	await using here = await serve(hooks, ordersModule());
	expect(await here.ask('1', { rpc: 'orders/orders', args: [], stream: true })).toMatchObject({
		data: [{ id: 1, userId: 'ida' }],
		topic: 'orders',
		merge: 'crud',
		key: 'id'
	});
	expect(await here.ask('2', { rpc: 'orders/createOrder', args: [['tea']] })).toMatchObject({
		data: { userId: 'ida', items: ['tea'] }
	});
	notified!(JSON.stringify({ topic: 'orders', event: 'created', data: { id: 2, items: ['tea'] } }));
	await vi.waitFor(() =>
		expect(here.frames.find(({ topic }) => topic === 'orders')).toMatchObject({ event: 'created', data: { id: 2 } })
	);
});

it('subscribes to streams without the subscribe hook, which only the guard stands before', async () => {
	const asked: string[] = [];
	const subscribe = (_ws: Connection, topic: string): boolean => (asked.push(topic), false);
	await using here = await serve({ message: server.message, subscribe }, ordersModule());
	expect(await here.ask('1', { rpc: 'orders/orders', stream: true })).toMatchObject({ ok: true });
	expect([asked, here.app.platform.subscribers('orders')]).toEqual([[], 1]);
});

it('limits subscribes and calls by beforeExecute, with each publish relayed once through the bus', async () => {
	let points = 2;
	const { relayed, wrap } = createBus();
	const redis = {
		createRedis: () => ({}),
		createPubSubBus: () => ({ wrap }),
		createLeader: () => ({ isLeader: () => true }),
		createRateLimit: () => ({ consume: async () => ({ allowed: points-- > 0, resetMs: 2500 }) })
	};
	const { upgrade, ...hooks } = run(
		LIMITED_HOOKS,
		['open', 'close', 'init', 'upgrade', 'message'],
		{ 'svelte-realtime/server': server, 'svelte-adapter-uws-extensions/redis': redis },
		{ validateSession: (id: string) => id === 's1' && { id: 'ida' } }
	);
	expect([upgrade({ cookies: { session_id: 's1' } }), upgrade({ cookies: {} })]).toEqual([{ id: 'ida' }, false]);
	const publish = server.live((ctx) => ctx.publish('orders', 'created', { id: 3 }));
	await using here = await serve(hooks, { ...ordersModule(), publish });
	expect(await here.ask('1', { rpc: 'orders/orders', stream: true })).toMatchObject({ ok: true });
	expect(await here.ask('2', { rpc: 'orders/publish' })).toMatchObject({ ok: true });
	expect(await here.ask('3', { rpc: 'orders/orders', stream: true })).toMatchObject({
		code: 'RATE_LIMITED',
		error: 'Retry in 3s'
	});
	expect(here.frames.filter(({ topic }) => topic === 'orders')).toMatchObject([{ event: 'created', data: { id: 3 } }]);
	expect(relayed).toEqual([['orders', 'created', { id: 3 }]]);
});
