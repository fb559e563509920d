import { manualClock, memoryBus } from 'svelte-adapter-uws/testing';
import { expect, expectTypeOf, it, vi } from 'vitest';
import { createRuntime, type TestClient } from '../../../test/support.ts';
import { live } from '../../define/live.ts';
import type { Aggregate, Reducer, WindowSpec } from '../../define/reactive.ts';
import type { RuntimeParts } from '../../runtime/runtime.ts';
import { combineCounts, combineMax, combineMerge, combineMin, combineSum } from '../../shared/combine.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-01-01T00:00:30Z');
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const follow = (client: TestClient, path: string, id = path) => client.ask({ rpc: path, id, stream: true });

const count: Reducer<number> = { init: () => 0, reduce: (n, event) => (event === 'created' ? n + 1 : n), combine: combineSum };

/** A server with one aggregate of `orders` on a clock that the test moves; what it publishes, by topic. */
async function setUp(definition: Aggregate<any, any>, parts: Partial<RuntimeParts> = {}) {
	const clock = manualClock();
	const server = await createRuntime({ 'm/sales': definition }, undefined, { clock, date: () => START + clock.now(), ...parts });
	const published: [string, unknown][] = [];
	server.platform.tap(
		({ topic, event, data }) => void (topic !== 'orders' && published.push([topic, event === 'set' ? data : event]))
	);
	await settle();
	return {
		...server,
		published,
		/** What was published last on a topic. */
		last: (topic: string) => published.findLast(([name]) => name === topic)?.[1],
		async order(data?: unknown, event = 'created') {
			server.platform.publish('orders', event, data);
			await settle();
		},
		async pass(ms: number, step = 1_000) {
			for (let left = ms; left > 0; left -= step) {
				clock.advance(Math.min(step, left));
				await settle();
			}
		}
	};
}

it('publishes what it comes to after each event, with computed fields from all that stand above them', async () => {
	await using app = await setUp(
		live.aggregate(
			'orders',
			{
				n: count,
				sum: { init: () => 0, reduce: (acc: number, _event, data: number) => acc + data },
				mean: { compute: ({ sum, n }) => (n === 0 ? 0 : sum / n) },
				double: { compute: ({ mean }) => mean * 2 }
			},
			{ topic: 'sales' }
		)
	);
	const client = await app.connect();
	expect(await follow(client, 'm/sales')).toMatchObject({
		topic: 'sales',
		merge: 'set',
		data: { n: 0, sum: 0, mean: 0, double: 0 }
	});
	await app.order(4);
	await app.order(8);
	expect(app.published).toEqual([
		['sales', { n: 1, sum: 4, mean: 4, double: 8 }],
		['sales', { n: 2, sum: 12, mean: 6, double: 12 }]
	]);
	expect(await app.runtime.load('m/sales', app.platform, {})).toEqual({ n: 2, sum: 12, mean: 6, double: 12 });
});

it('keeps a field that fails as it was, and all the others going', async () => {
	const fail = (text: string) => () => {
		throw new Error(text);
	};
	await using app = await setUp(
		live.aggregate(
			'orders',
			{
				a: { init: () => 5, reduce: fail('reduce') },
				b: { compute: fail('compute') },
				c: { init: () => 1, reduce: (() => Promise.resolve(2)) as never },
				n: count
			},
			{ topic: 'sales' }
		)
	);
	await app.order();
	await app.order();
	expect(app.published).toEqual([
		['sales', { a: 5, c: 1, n: 1 }],
		['sales', { a: 5, c: 1, n: 2 }]
	]);
	expect(app.errors.map(([path]) => path)).toEqual(Array.from({ length: 6 }, () => 'm/sales'));
	expect(app.errors.slice(0, 3).map(([, error]) => (error as Error).message)).toEqual([
		'reduce',
		expect.stringContaining('c gave a promise'),
		'compute'
	]);
});

it('begins each start and each window with a state of its own', async () => {
	const definition = live.aggregate(
		'orders',
		{ seen: { init: (): number[] => [], reduce: (acc: number[], _event, data: number) => (acc.push(data), acc) } },
		{ topic: 'sales', windows: { a: { type: 'lifetime' }, b: { type: 'lifetime' } } }
	);
	await using one = await setUp(definition);
	await using two = await setUp(definition);
	await one.order(1);
	expect(one.last('sales:a')).toEqual({ seen: [1] });
	expect(one.last('sales:b')).toEqual({ seen: [1] });
	expect(await two.runtime.load('m/sales/__window/a', two.platform, {})).toEqual({ seen: [] });
});

it('begins with its snapshot, and takes in afterwards what came meanwhile', async () => {
	const { promise, resolve } = Promise.withResolvers<unknown>();
	await using app = await setUp(live.aggregate('orders', { n: count }, { topic: 'sales', snapshot: () => promise }));
	const client = await app.connect();
	const answer = follow(client, 'm/sales');
	await app.order();
	expect(app.published).toEqual([]);
	resolve(JSON.parse('{"n":10,"__proto__":{"x":1},"constructor":1}'));
	expect(await answer).toMatchObject({ data: { n: 11 } });
	await vi.waitFor(() => expect(app.published).toEqual([['sales', { n: 11 }]]));
	await using failing = await setUp(
		live.aggregate('orders', { n: count }, { topic: 'sales', snapshot: () => Promise.reject(new Error('no database')) })
	);
	await failing.order();
	expect([failing.published, failing.errors]).toMatchObject([[['sales', { n: 1 }]], [['m/sales', { message: 'no database' }]]]);
});

it('begins without a snapshot that does not come, and does not take it later', async () => {
	const { promise, resolve } = Promise.withResolvers<unknown>();
	await using app = await setUp(live.aggregate('orders', { n: count }, { topic: 'sales', snapshot: () => promise }));
	await app.order();
	await app.pass(29_000);
	expect(app.published).toEqual([]);
	await app.pass(1_000);
	expect([app.published, app.errors]).toMatchObject([[['sales', { n: 1 }]], [['m/sales', { code: 'TIMEOUT' }]]]);
	resolve({ n: 10 });
	await app.order();
	expect(app.last('sales')).toEqual({ n: 2 });

	await using busy = await setUp(
		live.aggregate('orders', { n: count }, { topic: 'sales', snapshot: () => new Promise(() => {}) })
	);
	for (let i = 0; i < 10_000; i++) busy.platform.publish('orders', 'created');
	await settle();
	expect([busy.last('sales'), busy.errors]).toMatchObject([{ n: 10_000 }, [['m/sales', { code: 'TIMEOUT' }]]]);
});

it('waits for quiet with debounce, and publishes the newest then', async () => {
	await using app = await setUp(
		live.aggregate(
			'orders',
			{ n: count },
			{ topic: 'sales', debounce: 5_000, windows: { all: { type: 'lifetime' }, now: { type: 'lifetime', debounce: 0 } } }
		)
	);
	for (let i = 0; i < 3; i++) {
		await app.order();
		await app.pass(4_000);
	}
	expect(app.last('sales:all')).toBeUndefined();
	expect(app.last('sales:now')).toEqual({ n: 3 });
	await app.pass(1_000);
	expect(app.published.filter(([topic]) => topic === 'sales:all')).toEqual([['sales:all', { n: 3 }]]);
});

it('offers each window below its path, and nothing at the path itself', async () => {
	await using app = await setUp(
		live.aggregate(
			'orders',
			{ n: count },
			{ topic: 'sales', windows: { all: { type: 'lifetime' }, day: { type: 'tumbling', period: 'daily' } } }
		)
	);
	const client = await app.connect();
	expect(await follow(client, 'm/sales/__window/all')).toMatchObject({ topic: 'sales:all', data: { n: 0 } });
	expect(await follow(client, 'm/sales/__window/day')).toMatchObject({ topic: 'sales:day' });
	expect(await follow(client, 'm/sales/__window/week')).toMatchObject({ code: 'NOT_FOUND' });
	expect(await follow(client, 'm/sales')).toMatchObject({ code: 'INVALID_REQUEST' });
	for (const [ref, topic] of ['sales:all', 'sales:day', 'other'].entries())
		(await app.connect()).say({ type: 'subscribe', topic, ref });
	await app.order();
	await vi.waitFor(() =>
		expect(client.frames.filter(({ topic }) => topic === 'sales:all').map(({ data }) => data)).toEqual([{ n: 1 }])
	);
	app.runtime.remove('m/sales');
	expect(await follow(client, 'm/sales/__window/all', 'gone')).toMatchObject({ code: 'NOT_FOUND' });
});

it('tumbles at the minute: the last word of what ends, then the beginning of what follows', async () => {
	await using app = await setUp(
		live.aggregate(
			'orders',
			{ n: count },
			{ topic: 'sales', debounce: 50_000, windows: { minute: { type: 'tumbling', period: 'minute' } } }
		)
	);
	await app.order();
	await app.order();
	await app.pass(29_000);
	expect(app.published).toEqual([]);
	await app.pass(1_000);
	expect(app.published).toEqual([
		['sales:minute', { n: 2 }],
		['sales:minute', { n: 0 }]
	]);
	await app.pass(55_000);
	expect(app.published).toHaveLength(2);
	await app.order();
	await app.pass(5_000);
	expect(app.published.slice(2)).toEqual([
		['sales:minute', { n: 1 }],
		['sales:minute', { n: 0 }]
	]);
});

it.each([
	// The clocks of New York are set forward on March 8th 2026: that day has 23 hours.
	['daily', 'America/New_York', '2026-03-08T12:00Z', '2026-03-09T04:00Z'],
	['monthly', 'America/New_York', '2026-03-08T12:00Z', '2026-04-01T04:00Z'],
	['monthly', undefined, '2026-01-01T00:00:01Z', '2026-02-01T00:00Z'],
	['hour', 'Asia/Kolkata', '2026-01-01T00:01Z', '2026-01-01T00:30Z'],
	['daily', 'Asia/Kolkata', '2026-01-01T00:01Z', '2026-01-01T18:30Z']
] as const)('resets %s in %s from %s at %s, neither before nor again', async (period, tz, from, boundary) => {
	const clock = manualClock();
	await using app = await setUp(
		live.aggregate('orders', { n: count }, { topic: 'sales', windows: { w: { type: 'tumbling', period, ...(tz && { tz }) } } }),
		{ clock, date: () => Date.parse(from) + clock.now() }
	);
	await vi.waitFor(() => expect(clock.pending).toBe(1));
	await app.order();
	clock.advance(Date.parse(boundary) - Date.parse(from) - 1);
	expect(app.published).toEqual([['sales:w', { n: 1 }]]);
	clock.advance(1);
	expect(app.published.slice(1)).toEqual([
		['sales:w', { n: 1 }],
		['sales:w', { n: 0 }]
	]);
});

it('tumbles by a duration from its anchor, once also for what it slept through', async () => {
	let asleep = 0;
	const clock = manualClock();
	await using app = await setUp(
		live.aggregate(
			'orders',
			{ n: count },
			{ topic: 'sales', windows: { w: { type: 'tumbling', durationMs: 10_000, anchor: 3_000 } } }
		),
		{ clock, date: () => START + clock.now() + asleep }
	);
	await app.order();
	clock.advance(2_999);
	expect(app.published).toHaveLength(1);
	clock.advance(1);
	expect(app.published).toHaveLength(3);
	await app.order();
	asleep = 3_600_000;
	clock.advance(10_000);
	expect(app.published.slice(3)).toEqual([
		['sales:w', { n: 1 }],
		['sales:w', { n: 1 }],
		['sales:w', { n: 0 }]
	]);
});

it('slides: what is older than the duration falls out, slide by slide, and computed fields follow', async () => {
	await using app = await setUp(
		live.aggregate(
			'orders',
			{
				n: count,
				max: { init: () => null, reduce: (acc, _event, data) => Math.max(acc ?? data, data), combine: combineMax },
				twice: { compute: ({ n }) => n * 2 }
			},
			{ topic: 'sales', windows: { w: { type: 'sliding', durationMs: 3 * MINUTE, slideMs: MINUTE } } }
		)
	);
	const value = () => app.runtime.load('m/sales/__window/w', app.platform, {});
	await app.order(7);
	await app.pass(MINUTE);
	await app.order(3);
	expect(await value()).toEqual({ n: 2, max: 7, twice: 4 });
	await app.pass(MINUTE);
	expect(await value()).toEqual({ n: 2, max: 7, twice: 4 });
	await app.pass(MINUTE);
	expect(await value()).toEqual({ n: 1, max: 3, twice: 2 });
	expect(app.last('sales:w')).toEqual({ n: 1, max: 3, twice: 2 });
	await app.pass(MINUTE);
	expect(app.last('sales:w')).toEqual({ n: 0, max: 0, twice: 0 });
	const before = app.published.length;
	await app.pass(10 * MINUTE);
	expect(app.published).toHaveLength(before);
});

it('lets everything fall out that a sleep is longer than', async () => {
	let asleep = 0;
	const clock = manualClock();
	await using app = await setUp(
		live.aggregate(
			'orders',
			{ n: count },
			{ topic: 'sales', windows: { w: { type: 'sliding', durationMs: 3 * MINUTE, slideMs: MINUTE } } }
		),
		{ clock, date: () => START + clock.now() + asleep }
	);
	await app.order();
	asleep = 2 * MINUTE;
	clock.advance(MINUTE);
	expect(app.last('sales:w')).toEqual({ n: 0 });
});

it('comes to the same on each node, and reaches each client once; with a leader it publishes for all', async () => {
	const bus = memoryBus();
	const leads = [true, false];
	for (const led of [false, true]) {
		const node = (i: number) =>
			createRuntime(
				{ 'm/sales': live.aggregate('orders', { n: count }, { topic: 'sales' }) },
				undefined,
				led ? { aggregateLeader: () => leads[i]! } : {},
				{
					bus: bus.join()
				}
			);
		await using one = await node(0);
		await using two = await node(1);
		const clients = [await one.connect(), await two.connect()];
		for (const client of clients) await follow(client, 'm/sales');
		await settle();
		two.platform.publish('orders', 'created');
		one.platform.publish('orders', 'created');
		const heard = (client: TestClient) => client.frames.filter(({ topic }) => topic === 'sales').map(({ data }) => data.n);
		await vi.waitFor(() =>
			expect(clients.map(heard)).toEqual([
				[1, 2],
				[1, 2]
			])
		);
		await settle();
		expect(clients.map(heard)).toEqual([
			[1, 2],
			[1, 2]
		]);
		leads.reverse();
		one.platform.publish('orders', 'created');
		await vi.waitFor(() =>
			expect(clients.map(heard)).toEqual([
				[1, 2, 3],
				[1, 2, 3]
			])
		);
		leads.reverse();
	}
});

it('ends with its removal: no timer, no event', async () => {
	const clock = manualClock();
	await using app = await setUp(
		live.aggregate(
			'orders',
			{ n: count },
			{
				topic: 'sales',
				debounce: 10,
				windows: { a: { type: 'sliding', durationMs: 10, slideMs: 5 }, b: { type: 'tumbling', period: 'hour' } }
			}
		),
		{ clock, date: () => START + clock.now() }
	);
	await vi.waitFor(() => expect(clock.pending).toBe(2));
	await app.order();
	app.runtime.remove('m/sales');
	expect(clock.pending).toBe(0);
	await app.order();
	expect(app.published).toEqual([]);
});

it('combines', () => {
	expect([combineSum(1, undefined, 2, null), combineSum()]).toEqual([3, 0]);
	expect([combineMax(null, -3, undefined, -5), combineMax(null), combineMax()]).toEqual([-3, 0, 0]);
	expect([combineMin(null, 3, undefined, 5), combineMin(undefined)]).toEqual([3, 0]);
	expect(combineCounts({ a: 1 }, null, { a: 2, b: 1 })).toEqual({ a: 3, b: 1 });
	expect(combineMerge<object>({ a: 1, b: 1 }, undefined, { a: 2 })).toEqual({ a: 2, b: 1 });
});

it('knows the types of its fields and windows', () => {
	const plain = live.aggregate('orders', { n: count, mean: { compute: () => 'x' } }, { topic: 'sales' });
	expectTypeOf<typeof plain>().toEqualTypeOf<Aggregate<{ readonly n: number; readonly mean: string }>>();
	const windowed = live.aggregate(
		'orders',
		{ n: count },
		{ topic: 'sales', windows: { day: { type: 'tumbling', period: 'daily' } } }
	);
	expectTypeOf<typeof windowed>().toEqualTypeOf<Aggregate<{ readonly n: number }, 'day'>>();
});

const one = { n: count };
const windowed = (spec: unknown, reducers: Record<string, Reducer> = one) =>
	live.aggregate('a', reducers, { topic: 't', windows: { w: spec as WindowSpec } });
it.each([
	[() => live.aggregate('', one, { topic: 't' }), /source is ""/],
	[() => live.aggregate('a', {}, { topic: 't' }), /reducers is an object/],
	[() => live.aggregate('a', { n: {} }, { topic: 't' }), /init, reduce or compute/],
	[() => live.aggregate('a', { n: { init: 0 as never } }, { topic: 't' }), /n\.init is 0/],
	[() => live.aggregate('a', { n: { reduces: () => 0 } as never }, { topic: 't' }), /"reduces"/],
	[() => live.aggregate('a', { constructor: count }, { topic: 't' }), /field is "constructor"/],
	[() => live.aggregate('a', one, {} as never), /topic is undefined/],
	[() => live.aggregate('a', one, { topic: '__t' }), /topic is "__t"/],
	[() => live.aggregate('a', one, { topic: 'a' }), /another topic than the source/],
	[() => live.aggregate('a', one, { topic: 't', snapshot: 1 as never }), /snapshot is 1/],
	[() => live.aggregate('a', one, { topic: 't', debounce: -1 }), /debounce is -1/],
	[() => live.aggregate('a', one, { topic: 't', window: {} } as never), /options is "window"/],
	[() => live.aggregate('a', one, { topic: 't', windows: {} }), /at least one window/],
	[() => live.aggregate('a', one, { topic: 't', windows: { 'a/b': { type: 'lifetime' } } }), /window is "a\/b"/],
	[() => live.aggregate('a', one, { topic: 't', windows: { w: { type: 'lifetime' } }, snapshot: () => ({}) }), /named lifetime/],
	[
		() => live.aggregate('a', one, { topic: 't', windows: { w: { type: 'lifetime' } }, snapshots: { v: () => 1 } as never }),
		/snapshots is "v"/
	],
	[() => windowed({ type: 'hopping' }), /type is "hopping"/],
	[() => windowed(null), /type is null/],
	[() => windowed({ type: 'lifetime', period: 'hour' }), /options is "period"/],
	[() => windowed({ type: 'lifetime', debounce: 'x' }), /debounce is "x"/],
	[() => windowed({ type: 'tumbling' }), /exactly one of period and durationMs/],
	[() => windowed({ type: 'tumbling', period: 'hour', durationMs: 5 }), /exactly one/],
	[() => windowed({ type: 'tumbling', period: 'weekly' }), /period is "weekly"/],
	[() => windowed({ type: 'tumbling', period: 'hour', tz: 'Mars' }), /tz is "Mars"/],
	[() => windowed({ type: 'tumbling', durationMs: 5, tz: 'UTC' }), /tz beside period/],
	[() => windowed({ type: 'tumbling', durationMs: 0 }), /durationMs is 0/],
	[() => windowed({ type: 'tumbling', period: 'hour', anchor: 1 }), /anchor is 1/],
	[() => windowed({ type: 'sliding', durationMs: 10 }), /slideMs is undefined/],
	[() => windowed({ type: 'sliding', durationMs: 10, slideMs: 11 }), /slideMs is 11/],
	[() => windowed({ type: 'sliding', durationMs: 1_001, slideMs: 1 }), /at most 1000 slides/],
	[() => windowed({ type: 'sliding', durationMs: 10, slideMs: 1 }, { n: { reduce: () => 1 } }), /n\.combine is undefined/]
])('refuses a wrong definition with the field that is wrong (%#)', (define, message) => expect(define).toThrow(message));
