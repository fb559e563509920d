import { manualClock, memoryBus } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { live } from '../define/live.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('runs for each event of its topics, after the publisher has gone on', async () => {
	const ran: unknown[] = [];
	await using server = await createRuntime({
		'm/e': live.effect(
			['a', 'list:*'],
			(event, data, platform, topic) => void ran.push([event, data, topic, platform === server.platform])
		)
	});
	const { platform } = server;
	platform.publish('a', 'created', 1);
	platform.batch([{ topic: 'list:1', event: 'set', data: 2 }]);
	platform.publish('b', 'created', 3);
	expect(ran).toEqual([]);
	await settle();
	expect(ran).toEqual([
		['created', 1, 'a', true],
		['set', 2, 'list:1', true]
	]);
});

it('fails by itself: the publisher and other effects do not hear of it', async () => {
	let runs = 0;
	await using server = await createRuntime({
		'm/sync': live.effect(['a'], () => {
			throw new Error('sync');
		}),
		'm/async': live.effect(['a'], () => Promise.reject(new Error('async'))),
		'm/fine': live.effect(['a'], () => void runs++)
	});
	for (let i = 0; i < 2; i++) {
		server.platform.publish('a', 'e');
		await settle();
	}
	expect(runs).toBe(2);
	expect(server.errors.map(([path, error]) => [path, (error as Error).message])).toEqual([
		['m/sync', 'sync'],
		['m/async', 'async'],
		['m/sync', 'sync'],
		['m/async', 'async']
	]);
});

it('waits for quiet with debounce, and takes the last event alone', async () => {
	const clock = manualClock();
	const ran: unknown[] = [];
	await using server = await createRuntime(
		{ 'm/e': live.effect(['a'], (_event, data) => void ran.push(data), { debounce: 100 }) },
		undefined,
		{ clock }
	);
	for (const data of [1, 2, 3]) {
		server.platform.publish('a', 'e', data);
		clock.advance(99);
	}
	await settle();
	expect(ran).toEqual([]);
	clock.advance(1);
	await settle();
	expect(ran).toEqual([3]);
	server.platform.publish('a', 'e', 4);
	server.runtime.remove('m/e');
	clock.advance(200);
	await settle();
	expect(ran).toEqual([3]);
});

it('runs once for all nodes, on the one that published, unless every instance is meant', async () => {
	const bus = memoryBus();
	const ran: string[] = [];
	const node = (name: string) =>
		createRuntime(
			{
				'm/once': live.effect(['a'], () => void ran.push(`once on ${name}`)),
				'm/each': live.effect(['a'], () => void ran.push(`each on ${name}`), { scope: 'every-instance' }),
				// Every node computes it by itself, and no more than one of them is where the event came from.
				'm/sum': live.derived(['a'], () => ran.length),
				'm/after': live.effect(['m/sum'], () => void ran.push(`after on ${name}`))
			},
			undefined,
			{},
			{ bus: bus.join() }
		);
	await using one = await node('one');
	await using _two = await node('two');
	one.platform.publish('a', 'e');
	await vi.waitFor(() => expect(ran.toSorted()).toEqual(['after on one', 'each on one', 'each on two', 'once on one']));
	await settle();
	expect(ran).toHaveLength(4);
});

it('ends a chain of effects that lead to each other, and says where', async () => {
	let runs = 0;
	await using server = await createRuntime({
		'm/ping': live.effect(['ping'], async (_event, _data, platform) => {
			await settle();
			runs++;
			platform.publish('pong', 'e');
		}),
		'm/pong': live.effect(['pong'], (_event, _data, platform) => void platform.publish('ping', 'e'))
	});
	server.platform.publish('ping', 'e');
	await vi.waitFor(() => expect(server.errors).toHaveLength(1));
	expect(server.errors[0]).toMatchObject(['m/ping', { code: 'REACTION_LOOP' }]);
	expect(runs).toBe(4);
	server.platform.publish('ping', 'e');
	await vi.waitFor(() => expect(runs).toBe(8));
});

it('ends a chain that goes on through the reports of its failures', async () => {
	const reported: string[] = [];
	await using server = await createRuntime(
		{ 'm/e': live.effect(['failures'], () => Promise.reject(new Error('again'))) },
		undefined,
		{
			onError(_path, error) {
				reported.push((error as Error).message);
				server.platform.publish('failures', 'failed');
			}
		}
	);
	server.platform.publish('failures', 'failed');
	await vi.waitFor(() => expect(reported.at(-1)).toContain('8 reactions'));
	await settle();
	expect(reported).toHaveLength(9);
});

it('reacts no more once it is removed, and stands in nobody’s way', async () => {
	const ran: unknown[] = [];
	await using server = await createRuntime({ 'm/e': live.effect(['a'], () => void ran.push(1)) });
	const client = await server.connect();
	expect(await client.ask({ rpc: 'm/e', id: '1' })).toMatchObject({ code: 'NOT_FOUND' });
	client.say({ type: 'subscribe', topic: 'a', ref: 1 });
	await vi.waitFor(() => expect(client.frames.some((frame) => frame.type === 'subscribed')).toBe(true));
	server.platform.publish('a', 'e');
	server.runtime.remove('m/e');
	await settle();
	expect(ran).toEqual([]);
});

it.each([
	[() => live.effect('a' as never, () => 1), /sources is "a"/],
	[() => live.effect([], () => 1), /sources is a list/],
	[() => live.effect([''], () => 1), /sources is ""/],
	[() => live.effect(['a'], 1 as never), /fn is 1/],
	[() => live.effect(['a'], () => 1, { debounce: -1 }), /debounce is -1/],
	[() => live.effect(['a'], () => 1, { scope: 'all' as never }), /scope is "all"/],
	[() => live.effect(['a'], () => 1, { every: true } as never), /options is "every"/]
])('refuses a wrong definition with the field that is wrong (%#)', (define, message) => expect(define).toThrow(message));
