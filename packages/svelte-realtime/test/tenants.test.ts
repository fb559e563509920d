import { IN_TIME } from 'conformance/fuzz/in-time';
import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { createRuntime, type TestClient } from './support.ts';
import { live } from '../src/define/live.ts';
import { pipe } from '../src/define/pipe.ts';

type Tenant = 'ida' | 'max';
const TENANTS: readonly Tenant[] = ['ida', 'max'];
const PATHS = [
	...['org', 'shaped', 'mine', 'kept', 'since', 'paged', 'gated', 'typing', 'own', 'call', 'none'],
	...['desk/__data', 'desk/__presence', 'desk/__cursors', 'desk/__action/pin', 'desk/__action/moveCursor'],
	'sum/__window/all'
] as const;

/** What is published, each for a tenant but the last. */
const TOPICS = ['org', 'kept', 'since', 'paged', 'gated', 'typing', 'desk', 'all'] as const;

/** Rows of everybody. What belongs to a tenant says so. */
const secret = (tenant: Tenant, id: number) => ({ id, owner: tenant, text: `secret of ${tenant}` });

function definitions() {
	const rows = TENANTS.flatMap((tenant) => [1, 2, 3].map((n) => secret(tenant, n + (tenant === 'ida' ? 0 : 10))));
	const of = (tenant: string) => rows.filter((row) => row.owner === tenant);
	const own = (ctx: any, tenant: string): boolean => ctx.user?.id === tenant;
	const topic = (name: string) => (_ctx: unknown, tenant: string) => `${name}:${tenant}`;
	const load = (_ctx: unknown, tenant: string) => of(tenant);
	return {
		'm/org': live.stream(topic('org'), load, { access: own }),
		'm/shaped': live.stream(topic('org'), load, {
			access: async (ctx, tenant) => own(ctx, tenant),
			transform: ({ text, ...row }) => ({ ...row, shaped: text })
		}),
		// Everybody's topic, of which each may see its own rows.
		'm/mine': pipe(
			live.stream('all', () => rows),
			pipe.filter((ctx, row) => row.owner === ctx.user.id)
		),
		'm/kept': live.stream(topic('kept'), load, {
			access: own,
			replay: true,
			delta: { version: () => 1, diff: (_since: unknown, _ctx: unknown, tenant: string) => of(tenant) }
		}),
		'm/paged': live.stream(
			topic('paged'),
			(ctx, tenant: string) => ({ data: of(tenant).slice(ctx.cursor ?? 0, 1), hasMore: true, cursor: 1 }),
			{ access: own, invalidateOn: 'org:*' }
		),
		// The app's own numbers.
		'm/since': live.stream(topic('since'), load, {
			access: own,
			delta: { fromSeq: (_seq: number, _ctx: unknown, tenant: string) => of(tenant) }
		}),
		// A value for each user, of sources that its argument names: those of another tenant change only what their user sees.
		'm/own': live.derived(
			(tenant: string) => [`org:${tenant}`, 'kept:*'],
			(ctx) => of(ctx.user?.id),
			{ perUser: true }
		),
		// Sums hold no row; a room behind a guard, with who is there and where.
		'm/sum': live.aggregate(
			'org:*',
			{ rows: { init: () => 0, reduce: (n: number) => n + 1 } },
			{ topic: 'sum', windows: { all: { type: 'lifetime' } } }
		),
		'm/desk': live.room({
			topic: topic('desk'),
			topicArgs: 1,
			guard: own,
			init: load,
			presence: (ctx) => ({ is: `secret of ${ctx.user?.id}` }),
			cursors: { throttle: 0 },
			actions: { pin: (ctx, tenant: string, more: unknown) => ctx.publish('created', { ...secret(tenant as Tenant, 30), more }) }
		}),
		'm/gated': live.gate(own, live.stream(topic('gated'), load)),
		'm/typing': live.channel(topic('typing'), { access: own, merge: 'latest' }),
		'm/call': live.scoped(
			own as never,
			live((_ctx, tenant: string) => of(tenant))
		)
	};
}

const tenant = fc.constantFrom<Tenant>('ida', 'max');
const ARGS = fc.oneof(
	{ weight: 6, arbitrary: tenant.map((who) => [who]) },
	{ weight: 2, arbitrary: tenant.map((who) => [who, `secret of ${who}`]) },
	fc.tuple(tenant, tenant),
	fc.array(fc.oneof(fc.constant(null), fc.integer(), fc.constant({ id: 'max' }), fc.constant(['max'])), { maxLength: 2 })
);
const NAMES = [
	...['org', 'kept', 'since', 'paged', 'gated', 'typing', 'desk'].flatMap((name) => TENANTS.map((who) => `${name}:${who}`)),
	...TENANTS.flatMap((who) => ['presence', 'cursors'].map((part) => `desk:${who}:${part}`)),
	...TENANTS.map((who) => `m/own~${encodeURIComponent(JSON.stringify([`string:${who}`, who]))}`),
	'all'
];
const TOPIC = fc.oneof(
	fc.constantFrom(...NAMES),
	fc.tuple(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 40 })).map(([name, view]) => `${name}~~${view}`)
);
const more = fc.record(
	{
		seq: fc.nat(20),
		version: fc.constantFrom(0, 1),
		cursor: fc.constantFrom(0, 1, null),
		schemaVersion: fc.nat(3)
	},
	{ requiredKeys: [] }
);
const request = fc.tuple(fc.constantFrom(...PATHS), ARGS, fc.boolean(), more).map(([path, args, isCall, fields]) => ({
	rpc: `m/${path}`,
	args,
	...(isCall ? {} : { stream: true, ...fields })
}));
const operation = fc.oneof(
	{ weight: 8, arbitrary: fc.record({ do: fc.constant('ask' as const), who: tenant, request }) },
	{
		weight: 1,
		arbitrary: fc.record({ do: fc.constant('batch' as const), who: tenant, requests: fc.array(request, { maxLength: 4 }) })
	},
	{
		weight: 4,
		arbitrary: fc.record({ do: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), who: tenant, topic: TOPIC })
	},
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constant('publish' as const),
			of: tenant,
			event: fc.constantFrom('created', 'updated', 'deleted', 'refreshed'),
			topic: fc.constantFrom(...TOPICS)
		})
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const), who: tenant }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('meet' as const), who: tenant }) }
);

/** By what a tenant hears of its own: an answer, or an event, of whichever stream. */
function wayOf({ topic, data }: any): string {
	const name = (of: string): string => of.replace(/ida|max|~~\d+|~%.*/g, '');
	if (topic !== '__rpc') return `event ${name(topic)}`;
	if (data.replay === true) return 'missed';
	if (data.delta) return 'changes';
	if (data.topic === undefined) return 'hasMore' in data ? 'page' : 'call';
	return `answer ${name(data.topic)}`;
}
const WAYS = [
	...['missed', 'changes', 'page', 'call'],
	...['org:', 'all', 'kept:', 'since:', 'paged:', 'gated:', 'm/own', 'desk:', 'desk::presence', 'desk::cursors'].map(
		(name) => `answer ${name}`
	),
	...['org:', 'all', 'kept:', 'since:', 'paged:', 'gated:', 'typing:', 'desk:', 'desk::presence', 'desk::cursors'].map(
		(name) => `event ${name}`
	)
];

it('lets no tenant see anything of another, in 10,000 random operations', async () => {
	let heard = 0;
	const ways = new Set<string>();
	const all = definitions();
	await fc.assert(
		fc.asyncProperty(fc.array(operation, { minLength: 1_000, maxLength: 1_000 }), async (operations) => {
			await using server = await createRuntime(all, undefined, { warn: () => {} });
			const clients: Record<Tenant, TestClient> = { ida: await server.connect('ida'), max: await server.connect('max') };
			const check = (): void => {
				for (const who of TENANTS) {
					const other = who === 'ida' ? 'max' : 'ida';
					for (const frame of clients[who].frames.splice(0)) {
						const text = JSON.stringify(frame);
						if (text.includes(`secret of ${who}`)) {
							heard++;
							ways.add(wayOf(frame));
						}
						expect(text).not.toContain(`secret of ${other}`);
					}
				}
			};
			let id = 0;
			// Into their own room, where they move.
			const meet = async (who: Tenant): Promise<void> => {
				for (const part of ['__presence', '__data', '__cursors'])
					await clients[who].ask({ rpc: `m/desk/${part}`, id: `meet${++id}`, stream: true, args: [who] });
				await clients[who].ask({ rpc: 'm/desk/__action/moveCursor', id: `meet${++id}`, args: [who, `secret of ${who}`] });
			};
			const publish = (of: Tenant, name: string, event: string): void => {
				const row = secret(of, id % 20);
				server.platform.publish(name === 'all' ? name : `${name}:${of}`, event, event === 'refreshed' ? [row] : row);
			};
			// Each way once, so that the oracle is blind to none.
			for (const who of TENANTS) {
				await meet(who);
				await meet(who);
				const ask = (path: string, fields: object): Promise<unknown> =>
					clients[who].ask({ rpc: `m/${path}`, id: `tour${++id}`, args: [who], ...fields });
				for (const path of PATHS.slice(0, 9)) await ask(path, { stream: true });
				await ask('kept', { stream: true, version: 0 });
				await ask('since', { stream: true, seq: 0 });
				await ask('paged', { stream: true, cursor: 0 });
				await ask('call', {});
			}
			for (const name of TOPICS) for (const who of TENANTS) publish(who, name, 'created');
			for (const step of operations) {
				id++;
				if (step.do === 'ask') clients[step.who].say({ ...step.request, id: `r${id}` });
				else if (step.do === 'batch')
					clients[step.who].say({ batch: step.requests.map((one, i) => ({ ...one, id: `r${id}.${i}` })) });
				else if (step.do === 'meet') await meet(step.who);
				else if (step.do === 'publish') publish(step.of, step.topic, step.event);
				else if (step.do === 'reconnect') {
					check();
					const { connections } = server.platform;
					clients[step.who].peer.close();
					await vi.waitFor(() => expect(server.platform.connections).toBe(connections - 1), { interval: 1 });
					clients[step.who] = await server.connect(step.who);
				} else clients[step.who].say({ type: step.do, topic: step.topic, ref: id });
				if (id % 20 === 0) {
					await new Promise((resolve) => setImmediate(resolve));
					check();
				}
			}
			for (const who of TENANTS) await clients[who].ask({ rpc: 'm/call', id: 'last', args: [who] });
			check();
			expect(server.errors).toEqual([]);
		}),
		{ numRuns: 10, ...IN_TIME }
	);
	// The oracle would be blind if nothing came at all.
	expect(heard).toBeGreaterThan(300);
	expect([...ways]).toEqual(expect.arrayContaining(WAYS));
});
