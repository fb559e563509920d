import { createClient } from 'svelte-adapter-uws/client';
import type { Client, Stores } from 'svelte-adapter-uws/contract';
import { createTestServer, memoryBus, type MemoryBus, type TestServer } from 'svelte-adapter-uws/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TRANSPORTS } from '../test/live-server.ts';
import { realtime } from './hooks.ts';
import { live } from './live.ts';
import { enableSignals, pushHooks } from './push-hooks.ts';
import { runtimeOf } from './attach.ts';
import type { Context } from './define/context.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
	live.configurePush(null);
	for (const close of closing.splice(0).toReversed()) await close();
});

const errors: [string, unknown][] = [];

async function serve(
	transport: 'node' | 'uws' = 'node',
	{ bus, stores }: { readonly bus?: MemoryBus; readonly stores?: Stores } = {}
): Promise<TestServer> {
	errors.length = 0;
	const hooks = realtime({ onError: (path, error) => void errors.push([path, error]) });
	const server = await createTestServer({
		transport,
		...(bus ? { bus: bus.join() } : {}),
		// As workers have it: one store, two nodes.
		...(stores ? { stores: { ...stores, node: 'second' } } : {}),
		handler: {
			...hooks,
			upgrade: ({ url }) => Object.fromEntries(new URL(url, 'http://localhost').searchParams)
		}
	});
	closing.push(() => server.close());
	return server;
}

/** A page of a user that answers pushes. */
async function page(server: TestServer, user: string, answer: (event: string, data: any) => object | undefined): Promise<Client> {
	const client = createClient({ url: `${server.wsUrl}?id=${user}` });
	closing.push(() => client.close());
	client.answer(({ ref, event, data }) => {
		const reply = answer(event, data);
		if (reply) client.sendNow(JSON.stringify({ type: 'reply', ref, ...reply }));
	});
	await client.ready();
	await vi.waitFor(async () => expect((await server.platform.stores.registry.find(user)).length).toBeGreaterThan(0));
	return client;
}

const code = (promise: Promise<unknown>): Promise<unknown> =>
	promise.then(
		() => 'resolved',
		(error: { code: unknown }) => error.code
	);

describe.each(TRANSPORTS)('live.push on %s', (transport) => {
	it('gives what the page of a user answers, and says why there is no answer', async () => {
		const server = await serve(transport);
		let asked = 0;
		await page(server, 'ann', (event, data) =>
			event === 'silent' ? void asked++ : event === 'bad' ? { error: 'no' } : { data: [event, data] }
		);
		const ann = { userId: 'ann' };
		await expect(live.push(ann, 'confirm', { op: 1 })).resolves.toEqual(['confirm', { op: 1 }]);
		await expect(live.push(ann, 'confirm')).resolves.toEqual(['confirm', null]);
		await expect(live.push(ann, 'bad')).rejects.toMatchObject({ code: 'REFUSED', message: 'no' });
		await expect(live.push(ann, 'silent', null, { timeoutMs: 20 })).rejects.toMatchObject({
			code: 'TIMEOUT',
			message: 'request timed out',
			cause: { code: 'TIMEOUT' }
		});
		await expect(live.push({ userId: 'bob' }, 'confirm')).rejects.toMatchObject({ code: 'NOT_FOUND' });
		const waiting = code(live.push(ann, 'silent'));
		await vi.waitFor(() => expect(asked).toBe(2));
		for (const ws of server.wsConnections) ws.close();
		expect(await waiting).toBe('CONNECTION_CLOSED');
		expect(errors).toEqual([]);
	});
});

it('asks the connection that opened last, and the one before when that has closed', async () => {
	const server = await serve();
	const names = ['first', 'second'];
	const [, second] = [
		await page(server, 'ann', () => ({ data: names[0] })),
		await page(server, 'ann', () => ({ data: names[1] }))
	];
	await vi.waitFor(async () => expect(await server.platform.stores.registry.find('ann')).toHaveLength(2));
	await expect(live.push({ userId: 'ann' }, 'who')).resolves.toBe('second');
	second.close();
	await vi.waitFor(async () => expect(await server.platform.stores.registry.find('ann')).toHaveLength(1));
	await expect(live.push({ userId: 'ann' }, 'who')).resolves.toBe('first');
});

it('reaches users of another worker, and hears why it could not', async () => {
	const bus = memoryBus();
	const first = await serve('node', { bus });
	const second = await serve('node', { bus, stores: first.platform.stores });
	await page(first, 'ann', (event) => (event === 'bad' ? { error: 'no' } : event === 'silent' ? undefined : { data: 'far' }));
	const { pushes } = runtimeOf(second.platform);
	await expect(pushes.push('ann', 'who', { deep: [1] }, {})).resolves.toBe('far');
	await expect(pushes.push('ann', 'bad', null, {})).rejects.toMatchObject({ code: 'REFUSED', message: 'no' });
	await expect(pushes.push('ann', 'silent', null, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' });
	await first.platform.stores.registry.open('ann', { node: first.platform.stores.node, connection: 'gone' }, 60_000);
	await expect(pushes.push('ann', 'who', null, {})).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
	await first.platform.stores.registry.open('ann', { node: 'dead', connection: 'c' }, 60_000);
	await expect(pushes.push('ann', 'who', null, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' });
});

it('tells without waiting, and hides what happens', async () => {
	const server = await serve();
	const heard = vi.fn(() => undefined);
	await page(server, 'ann', heard);
	await expect(live.notify({ userId: 'ann' }, 'saved', 1)).resolves.toBeUndefined();
	expect(heard.mock.calls).toEqual([['saved', 1]]);
	await expect(live.notify({ userId: 'nobody' }, 'saved')).resolves.toBeUndefined();
	expect(() => live.notify({} as never, 'saved')).toThrow('A push is for');
});

it('refuses arguments that cannot be meant', async () => {
	await serve();
	for (const [target, event, options] of [
		[null, 'e'],
		['ann', 'e'],
		[{}, 'e'],
		[{ userId: '' }, 'e'],
		[{ userId: 1 }, 'e'],
		[{ userId: 'ann', role: 'admin' }, 'e'],
		[{ userId: 'ann' }, ''],
		[{ userId: 'ann' }, 5],
		[{ userId: 'ann' }, 'e', { timeoutMs: 0 }],
		[{ userId: 'ann' }, 'e', { timeoutMs: NaN }],
		[{ userId: 'ann' }, 'e', null]
	] as any[])
		expect(await code(live.push(target, event, 1, options))).toBe('VALIDATION');
	for (const config of [{}, undefined, { identify: 'id' }, { remoteRegistry: {} }])
		expect(() => live.configurePush(config as never)).toThrow('live.configurePush');
});

it('finds users as the app says, and asks a registry of others first', async () => {
	live.configurePush({ identify: (ws) => ws.getUserData().seat });
	const server = await serve();
	const client = createClient({ url: `${server.wsUrl}?id=ann&seat=7` });
	closing.push(() => client.close());
	client.answer(({ ref }) => client.sendNow(JSON.stringify({ type: 'reply', ref, data: 'here' })));
	await client.ready();
	await vi.waitFor(async () => expect(await server.platform.stores.registry.find('7')).toHaveLength(1));
	const request = vi.fn(async (userId: string) => {
		if (userId === 'far') return 'there';
		throw Object.assign(new Error('offline'), { code: 'OFFLINE' });
	});
	live.configurePush({ remoteRegistry: { request } });
	await expect(live.push({ userId: 'far' }, 'e', 1, { timeoutMs: 50 })).resolves.toBe('there');
	expect(request.mock.calls[0]).toEqual(['far', 'e', 1, { timeoutMs: 50 }]);
	await expect(live.push({ userId: '7' }, 'e')).resolves.toBe('here');
	await expect(live.push({ userId: 'ann' }, 'e')).rejects.toMatchObject({ code: 'NOT_FOUND' });
	live.configurePush({ remoteRegistry: { request: () => Promise.reject(new Error('broken')) } });
	await expect(live.push({ userId: '7' }, 'e')).rejects.toThrow('broken');
});

it('sends signals to every page of a user and to nobody else', async () => {
	const server = await serve();
	const heard: string[] = [];
	const listen = async (user: string, name: string): Promise<Client> => {
		const client = await page(server, user, () => undefined);
		client.tap((envelopes) => {
			for (const { topic, event, data } of envelopes) heard.push(`${name} ${topic} ${event} ${data}`);
		});
		return client;
	};
	await listen('ann', 'a1');
	await listen('ann', 'a2');
	const bob = await listen('bob', 'b');
	bob.subscribe('__signal:ann');
	const runtime = runtimeOf(server.platform);
	let ctx!: Context;
	runtime.install(
		'test/ctx',
		live.stream('test', (given) => ((ctx = given), []))
	);
	await runtime.load('test/ctx', server.platform, {});
	expect(ctx.sendSignal('ann', 'call', 7)).toBe(true);
	ctx.sendSignal('bob', 'end', 8);
	await vi.waitFor(() => expect(heard).toHaveLength(3));
	expect(heard.toSorted()).toEqual(['a1 __signal:ann call 7', 'a2 __signal:ann call 7', 'b __signal:bob end 8']);
	for (const id of ['', 'a"b', 'a\n', 'x'.repeat(257)]) expect(() => ctx.sendSignal(id, 'e')).toThrow('id of a user');
});

it('serves users whose names cannot be used, and lets hooks of apps do the same', async () => {
	const server = await serve();
	const client = createClient({ url: `${server.wsUrl}?id=${'x'.repeat(257)}` });
	closing.push(() => client.close());
	await client.ready();
	await vi.waitFor(() => expect(errors).toHaveLength(1));
	const [ws] = server.wsConnections;
	expect(() => pushHooks.open(ws!, {} as never)).toThrow('platform is missing');
	expect(() => pushHooks.open(ws!, { platform: server.platform })).toThrow('id of a user');
	expect(() => enableSignals(ws!)).toThrow('id of a user');
	enableSignals(ws!, { idField: 'none' });
	expect(ws!.getTopics()).toEqual([]);
	Object.assign(ws!.getUserData(), { seat: 9 });
	enableSignals(ws!, { idField: 'seat' });
	expect(ws!.getTopics()).toEqual(['__signal:9']);
	live.configurePush({ identify: () => 'nine' });
	pushHooks.open(ws!, { platform: server.platform });
	await vi.waitFor(async () => expect(await server.platform.stores.registry.find('nine')).toHaveLength(1));
	pushHooks.close(ws!);
	await vi.waitFor(async () => expect(await server.platform.stores.registry.find('nine')).toEqual([]));
});
