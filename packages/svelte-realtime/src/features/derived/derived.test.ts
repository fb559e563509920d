import { manualClock, memoryBus } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { createRuntime, type TestClient } from '../../../test/support.ts';
import { live } from '../../define/live.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const follow = (client: TestClient, path: string, args: readonly unknown[] = [], id = path) =>
	client.ask({ rpc: path, id, args, stream: true });
/** The events that a client has had on topics that begin so. */
const events = (client: TestClient, topic: string): unknown[] =>
	client.frames.filter((frame) => frame.topic?.startsWith(topic)).map(({ event, data }) => [event, data]);

it('gives who comes a fresh value, and everybody each change, on its path as the topic', async () => {
	let value = 1;
	await using server = await createRuntime({ 'm/d': live.derived(['a', 'b:*'], () => value) });
	const client = await server.connect();
	expect(await follow(client, 'm/d')).toMatchObject({ ok: true, data: 1, topic: 'm/d', merge: 'set', derived: true });
	value = 2;
	server.platform.publish('a', 'e');
	await vi.waitFor(() => expect(events(client, 'm/d')).toEqual([['set', 2]]));
	server.platform.publish('b:x', 'e');
	await settle();
	expect(events(client, 'm/d')).toEqual([['set', 2]]);
	// It has changed without an event: who comes late, and who was there, see the same.
	value = 3;
	const late = await server.connect();
	expect(await follow(late, 'm/d')).toMatchObject({ data: 3 });
	await vi.waitFor(() => expect(events(client, 'm/d').at(-1)).toEqual(['set', 3]));
	expect(await server.runtime.load('m/d', server.platform, {})).toBe(3);
	expect(await follow(client, 'm/d', [], 'back')).toMatchObject({ data: 3, derived: true });
});

it('computes one at a time, once more for all that came meanwhile, and tells in order', async () => {
	const ends: ((value: number) => void)[] = [];
	await using server = await createRuntime({
		'm/d': live.derived(['a'], () => new Promise<number>((resolve) => ends.push(resolve)))
	});
	const client = await server.connect();
	const answer = follow(client, 'm/d');
	await vi.waitFor(() => expect(ends).toHaveLength(1));
	for (let i = 0; i < 3; i++) server.platform.publish('a', 'e');
	await settle();
	expect(ends).toHaveLength(1);
	ends[0]!(1);
	expect(await answer).toMatchObject({ data: 1 });
	await vi.waitFor(() => expect(ends).toHaveLength(2));
	server.platform.publish('a', 'e');
	ends[1]!(2);
	await vi.waitFor(() => expect(ends).toHaveLength(3));
	ends[2]!(3);
	await vi.waitFor(() =>
		expect(events(client, 'm/d')).toEqual([
			['set', 2],
			['set', 3]
		])
	);
});

it('computes afresh for who comes while it runs', async () => {
	let value = 'old';
	const ends: (() => void)[] = [];
	await using server = await createRuntime({
		'm/d': live.derived(['a'], async () => {
			const read = value;
			await new Promise<void>((resolve) => ends.push(resolve));
			return read;
		})
	});
	const client = await server.connect();
	server.platform.publish('a', 'e');
	await vi.waitFor(() => expect(ends).toHaveLength(1));
	value = 'new';
	const answer = follow(client, 'm/d');
	await settle();
	ends[0]!();
	await vi.waitFor(() => expect(ends).toHaveLength(2));
	ends[1]!();
	expect(await answer).toMatchObject({ data: 'new' });
});

it('fails by itself, and goes on with the next event', async () => {
	let fails = true;
	const compute = () => {
		if (fails) throw new Error('no database');
		return 1;
	};
	await using server = await createRuntime({ 'm/d': live.derived(['a'], compute), 'm/other': live.derived(['a'], () => 2) });
	const client = await server.connect();
	expect(await follow(client, 'm/d')).toMatchObject({ ok: false, code: 'INTERNAL_ERROR' });
	server.platform.publish('a', 'e');
	await vi.waitFor(() =>
		expect(server.errors).toMatchObject([
			['m/d', {}],
			['m/d', { message: 'no database' }]
		])
	);
	expect(await follow(client, 'm/other')).toMatchObject({ data: 2 });
	fails = false;
	expect(await follow(client, 'm/d', [], 'again')).toMatchObject({ data: 1 });
});

it('makes one value per arguments, that lives while somebody follows it', async () => {
	const computed: unknown[] = [];
	await using server = await createRuntime({
		'm/d': live.derived(
			(shop: unknown) => [`orders:${String(shop)}`],
			(ctx, shop) => (computed.push([shop, ctx.user]), computed.length)
		)
	});
	const [ida, bo] = [await server.connect('ida'), await server.connect('bo')];
	const [first, second] = [await follow(ida, 'm/d', [1]), await follow(bo, 'm/d', [1])];
	expect(first.topic).toBe(second.topic);
	expect(computed).toEqual([
		[1, null],
		[1, null]
	]);
	server.platform.publish('orders:2', 'e');
	await settle();
	expect(computed).toHaveLength(2);
	server.platform.publish('orders:1', 'e');
	await vi.waitFor(() => expect(computed).toHaveLength(3));
	await bo.leave();
	server.platform.publish('orders:1', 'e');
	await vi.waitFor(() => expect(computed).toHaveLength(4));
	await ida.leave();
	server.platform.publish('orders:1', 'e');
	await settle();
	expect(computed).toHaveLength(4);
	expect(await server.runtime.load('m/d', server.platform, { args: [7] })).toBe(5);
});

it('has another topic for all other arguments', async () => {
	await using server = await createRuntime({
		'm/d': live.derived(
			(..._args: unknown[]) => ['a'],
			(_ctx, ...args) => args
		)
	});
	const client = await server.connect();
	const lists = [
		[],
		[1],
		['1'],
		[1, 2],
		['1,2'],
		['~'],
		['~~'],
		['%7E'],
		[{ a: 1 }],
		['{"a":1}'],
		[null],
		['null'],
		[[1]],
		['"'],
		['é😀']
	];
	const topics = new Set<string>();
	for (const [i, args] of lists.entries()) {
		const reply = await follow(client, 'm/d', args, `r${i}`);
		expect(reply.data).toEqual(args);
		topics.add(reply.topic);
	}
	expect(topics.size).toBe(lists.length);
	expect(await follow(client, 'm/d', ['x'.repeat(300)], 'long')).toMatchObject({ code: 'INVALID_REQUEST' });
});

it('computes for each user by itself with perUser, with or without arguments', async () => {
	await using server = await createRuntime({
		'm/mine': live.derived(['a'], (ctx) => ctx.user?.id ?? 'nobody', { perUser: true }),
		'm/of': live.derived(
			(_shop: string) => ['a'],
			(ctx, shop) => `${ctx.user?.id} in ${shop}`,
			{ perUser: true }
		)
	});
	const [ida, bo, nobody] = [await server.connect('ida'), await server.connect('bo'), await server.connect()];
	const replies = [await follow(ida, 'm/mine'), await follow(bo, 'm/mine'), await follow(nobody, 'm/mine')];
	expect(replies.map(({ data }) => data)).toEqual(['ida', 'bo', 'nobody']);
	expect(new Set(replies.map(({ topic }) => topic)).size).toBe(3);
	expect(await follow(bo, 'm/of', ['x'])).toMatchObject({ data: 'bo in x' });
	expect(await server.runtime.load('m/mine', server.platform, { user: { id: 'load' } })).toBe('load');
	expect(await server.runtime.load('m/mine', server.platform, { user: { name: 'x' } })).toBe('nobody');
});

it('lets nobody join its topics by their names', async () => {
	await using server = await createRuntime({
		'm/d': live.derived(['a'], () => 1),
		'm/of': live.derived(
			(_shop: string) => ['a'],
			() => 1
		)
	});
	const client = await server.connect();
	for (const [ref, topic] of ['m/d', 'm/of~%5B1%5D', 'free'].entries()) client.say({ type: 'subscribe', topic, ref });
	await vi.waitFor(() => expect(client.frames.filter(({ type }) => type === 'subscribed')).toMatchObject([{ ref: 2 }]));
});

it('waits for quiet, and comes as refreshed where clients merge otherwise', async () => {
	const clock = manualClock();
	let value = [{ id: 1 }];
	await using server = await createRuntime(
		{ 'm/d': live.derived(['a'], () => value, { debounce: 100, merge: 'crud' }) },
		undefined,
		{ clock }
	);
	const client = await server.connect();
	expect(await follow(client, 'm/d')).toMatchObject({ merge: 'crud', data: [{ id: 1 }] });
	value = [{ id: 2 }];
	server.platform.publish('a', 'e');
	clock.advance(99);
	server.platform.publish('a', 'e');
	clock.advance(99);
	await settle();
	expect(events(client, 'm/d')).toEqual([]);
	clock.advance(1);
	await vi.waitFor(() => expect(events(client, 'm/d')).toEqual([['refreshed', [{ id: 2 }]]]));
});

it('is computed on each node for its own clients, and never relayed', async () => {
	const bus = memoryBus();
	let value = 1;
	const node = () => createRuntime({ 'm/d': live.derived(['a'], () => value) }, undefined, {}, { bus: bus.join() });
	await using one = await node();
	await using two = await node();
	const [here, there] = [await one.connect(), await two.connect()];
	for (const client of [here, there]) await follow(client, 'm/d');
	value = 2;
	one.platform.publish('a', 'e');
	await vi.waitFor(() => expect([events(here, 'm/d'), events(there, 'm/d')]).toEqual([[['set', 2]], [['set', 2]]]));
	await settle();
	expect([events(here, 'm/d'), events(there, 'm/d')]).toEqual([[['set', 2]], [['set', 2]]]);
});

it('follows others of its kind, and is cut off from those that follow it', async () => {
	let n = 0;
	await using server = await createRuntime({
		'm/a': live.derived(['start', 'm/b'], () => ++n),
		'm/b': live.derived(['m/a'], () => ++n)
	});
	server.platform.publish('start', 'e');
	await vi.waitFor(() => expect(server.errors).toMatchObject([[expect.stringMatching(/^m\/[ab]$/), { code: 'REACTION_LOOP' }]]));
	await settle();
	expect(n).toBe(8);
});

it('reports sources that are none, and says that a value without any will not change', async () => {
	const warnings: string[] = [];
	await using server = await createRuntime(
		{
			'm/none': live.derived(
				(_id: number) => [],
				(_ctx, id) => id
			),
			'm/bad': live.derived(
				(_id: number) => [3] as never,
				(_ctx, id) => id
			)
		},
		undefined,
		{ warn: (text) => void warnings.push(text) }
	);
	const client = await server.connect();
	expect(await follow(client, 'm/none', [1])).toMatchObject({ data: 1 });
	expect(warnings).toEqual([expect.stringContaining('m/none has no sources')]);
	expect(await follow(client, 'm/bad', [1])).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(server.errors[0]![1]).toMatchObject({ message: expect.stringContaining('sources is 3') });
});

it.each([
	[() => live.derived('a' as never, () => 1), /sources is "a"/],
	[() => live.derived([], () => 1), /sources is a list/],
	[() => live.derived(['a'], 1 as never), /fn is 1/],
	[() => live.derived(['a'], () => 1, { merge: 'x' as never }), /merge is "x"/],
	[() => live.derived(['a'], () => 1, { debounce: Number.NaN }), /debounce is NaN/],
	[() => live.derived(['a'], () => 1, { perUser: 1 as never }), /perUser is 1/],
	[() => live.derived(['a'], () => 1, { max: 1 } as never), /options is "max"/]
])('refuses a wrong definition with the field that is wrong (%#)', (define, message) => expect(define).toThrow(message));
