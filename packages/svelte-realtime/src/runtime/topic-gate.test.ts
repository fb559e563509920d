import { manualClock } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { createRuntime, type TestClient } from '../../test/support.ts';
import { live } from '../define/live.ts';
import type { RuntimeParts } from './runtime.ts';
import { DEFAULT_LIMITS } from '../shared/limits.ts';
import { GRACE_MS } from './scope.ts';

/** What is answered to wire subscribes, in this turn. */
async function answers(client: TestClient, ...topics: string[]): Promise<string[]> {
	const from = client.frames.length;
	client.say({ type: 'subscribe-batch', topics, ref: 1 });
	return heard(client, from);
}
async function heard(client: TestClient, from: number): Promise<string[]> {
	const pongs = () => client.frames.filter(({ type }) => type === 'pong').length;
	const before = pongs();
	client.peer.send('{"type":"ping"}');
	await vi.waitFor(() => expect(pongs()).toBe(before + 1));
	return client.frames
		.slice(from)
		.filter(({ type }) => type !== 'pong')
		.map(({ type, topic, reason }) => `${type} ${topic}${reason ? ` ${reason}` : ''}`);
}
const start = async (definitions: Parameters<typeof createRuntime>[0], parts: Partial<RuntimeParts> = {}) => {
	const clock = manualClock();
	const warnings: string[] = [];
	const server = await createRuntime(definitions, undefined, { clock, warn: (message) => void warnings.push(message), ...parts });
	await server.runtime.ready();
	return { server, clock, warnings, client: await server.connect() };
};
const fixed = live.stream('fixed', () => []);
const computed = live.stream(
	(_ctx, id: string) => `list:${id}`,
	() => []
);
const opaque = live.stream(
	(_ctx, id: string) => id.toLowerCase(),
	() => []
);

it('keeps a topic of a stream closed to who only knows its name', async () => {
	const { server, clock, client } = await start({ 'm/fixed': fixed, 'm/list': computed });
	expect(await answers(client, 'fixed', 'list:7')).toEqual([]);
	server.platform.publish('fixed', 'e');
	server.platform.publish('list:7', 'e');
	const from = client.frames.length;
	clock.advance(GRACE_MS);
	expect(await heard(client, from)).toEqual(['subscribe-denied fixed FORBIDDEN', 'subscribe-denied list:7 FORBIDDEN']);
	expect(server.platform.subscribers('fixed')).toBe(0);
	expect(await answers(client, 'fixed')).toEqual(['subscribe-denied fixed FORBIDDEN']);
	await server[Symbol.asyncDispose]();
});

it('lets a client that comes back name its topics before it asks for its streams', async () => {
	const { server, clock, client } = await start({ 'm/fixed': fixed, 'm/list': computed });
	expect(await answers(client, 'fixed', 'list:7', 'list:8')).toEqual([]);
	const from = client.frames.length;
	await client.ask({ rpc: 'm/list', id: '1', args: ['7'], stream: true });
	await client.ask({ rpc: 'm/fixed', id: '2', stream: true });
	expect((await heard(client, from)).filter((line) => line.startsWith('subscribed'))).toEqual([
		'subscribed list:7',
		'subscribed fixed'
	]);
	clock.advance(GRACE_MS);
	expect(await heard(client, from)).toContain('subscribe-denied list:8 FORBIDDEN');
	await server[Symbol.asyncDispose]();
});

it('opens a topic to who follows it, and closes it again with the stream', async () => {
	const { server, clock, client } = await start({ 'm/fixed': fixed });
	await client.ask({ rpc: 'm/fixed', id: '1', stream: true });
	expect(await answers(client, 'fixed')).toEqual(['subscribed fixed']);
	client.say({ type: 'unsubscribe', topic: 'fixed' });
	expect(await answers(client, 'fixed')).toEqual([]);
	clock.advance(GRACE_MS);
	expect(await answers(client, 'fixed')).toContain('subscribe-denied fixed FORBIDDEN');
	await server[Symbol.asyncDispose]();
});

it('leaves topics alone that surely belong to no stream', async () => {
	const { server, client } = await start({ 'm/fixed': fixed, 'm/list': computed });
	expect(await answers(client, 'news', 'list', 'fixed2')).toEqual(['subscribed news', 'subscribed list', 'subscribed fixed2']);
	await server[Symbol.asyncDispose]();
});

it('closes every topic that a computed name may be, but those that the app opens, and says so once', async () => {
	const { server, clock, client, warnings } = await start(
		{ 'm/opaque': opaque, 'm/fixed': fixed },
		{ plainTopics: ['news', 'lobby:*', 'fixed'] }
	);
	expect(await answers(client, 'news', 'lobby:1', 'other', 'fixed', 'newsroom')).toEqual([
		'subscribed news',
		'subscribed lobby:1'
	]);
	const from = client.frames.length;
	clock.advance(GRACE_MS);
	expect(await heard(client, from)).toEqual(
		expect.arrayContaining([
			'subscribe-denied other FORBIDDEN',
			'subscribe-denied fixed FORBIDDEN',
			'subscribe-denied newsroom FORBIDDEN'
		])
	);
	expect(warnings).toEqual([expect.stringMatching(/"other".*plainTopics/s)]);
	await server[Symbol.asyncDispose]();
});

it('waits for the modules before it says that a topic is free', async () => {
	const loaded = Promise.withResolvers<Record<string, unknown>>();
	const clock = manualClock();
	const server = await createRuntime({}, undefined, { clock, manifest: [{ path: 'm', load: () => loaded.promise }] });
	const client = await server.connect();
	expect(await answers(client, 'fixed', 'news')).toEqual([]);
	loaded.resolve({ fixed });
	await server.runtime.ready();
	expect(await heard(client, 0)).toContain('subscribed news');
	expect(await heard(client, 0)).not.toContain('subscribed fixed');
	await server[Symbol.asyncDispose]();
});

it('keeps every topic closed while a module cannot be imported', async () => {
	const { server, clock, client } = await start({}, { manifest: [{ path: 'm', load: () => Promise.reject(new Error('typo')) }] });
	expect(await answers(client, 'news')).toEqual([]);
	clock.advance(GRACE_MS);
	expect(await heard(client, 0)).toContain('subscribe-denied news FORBIDDEN');
	await server[Symbol.asyncDispose]();
});

it('bounds what one connection may wait for, and holds nothing once it has gone', async () => {
	const { server, clock, client } = await start({ 'm/list': computed });
	await answers(client, ...Array.from({ length: DEFAULT_LIMITS.maxWaitingTopics }, (_, i) => `list:${i}`));
	expect(await answers(client, 'list:over')).toEqual(['subscribe-denied list:over FORBIDDEN']);
	expect(clock.pending).toBe(1);
	await client.leave();
	expect(clock.pending).toBe(0);
	await server[Symbol.asyncDispose]();
});

it('takes everything back when the runtime ends', async () => {
	const left: string[] = [];
	const { server, clock, client } = await start({
		'm/s': live.stream('t', () => [], { onUnsubscribe: (_ctx, topic) => void left.push(topic) }),
		'm/list': computed
	});
	await client.ask({ rpc: 'm/s', id: '1', stream: true });
	await answers(client, 'list:1');
	server.runtime[Symbol.dispose]();
	expect([left, clock.pending, server.platform.subscribers('t')]).toEqual([['t'], 0, 0]);
	expect(await heard(client, 0)).toContain('subscribe-denied list:1 FORBIDDEN');
	expect(await answers(client, 'list:1')).toEqual(['subscribed list:1']);
	await client.leave();
	expect(left).toEqual(['t']);
	await server[Symbol.asyncDispose]();
});
