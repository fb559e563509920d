import { expect, it } from 'vitest';
import { settle, startCore, type FakeClient } from '../../test/support/core.ts';
import { FAILURES } from '../../test/support/failures.ts';
import type { Connection } from '../contract/connection.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import { LIMITS } from './limits.ts';

async function connected(hooks: WebSocketHooks = {}, options = {}) {
	const server = await startCore(hooks, { options });
	const client = await server.join();
	return { ...server, client, ws: client.events as unknown as Connection };
}
const ask = async (client: FakeClient, topic: unknown, ref: unknown = 1) => {
	client.say({ type: 'subscribe', topic, ref });
	await settle();
	return client.heard();
};
const yes = (topic: string, ref: number | string = 1) => ({ type: 'subscribed', topic, ref });
const no = (topic: unknown, reason: string, ref: number | string = 1) => ({ type: 'subscribe-denied', topic, ref, reason });

it('joins without a hook, acknowledges with a ref and keeps silent without', async () => {
	const { client, platform } = await connected();
	expect(await ask(client, 'a')).toEqual([yes('a')]);
	client.say({ type: 'subscribe', topic: 'b' });
	expect(client.heard()).toEqual([]);
	expect([platform.subscribers('a'), platform.subscribers('b')]).toEqual([1, 1]);
});

it.each(['', 'a'.repeat(257), 'a\n', 'a"', 'a\\', 'é', '__rpc'])('denies the topic %j as invalid', async (topic) => {
	const { client, platform } = await connected({ subscribe: () => expect.unreachable() });
	expect(await ask(client, topic, 'x')).toEqual([no(topic, 'INVALID_TOPIC', 'x')]);
	expect(platform.subscribers(topic)).toBe(0);
});

it('takes names that the configuration allows', async () => {
	const { client } = await connected({}, { allowNonAsciiTopics: true, allowSystemTopicSubscribe: true });
	expect(await ask(client, 'é')).toEqual([yes('é')]);
	expect(await ask(client, '__x')).toEqual([yes('__x')]);
});

it.each([
	[true, undefined],
	[undefined, undefined],
	[null, undefined],
	[0, undefined],
	[false, 'FORBIDDEN'],
	['UNAUTHENTICATED', 'UNAUTHENTICATED'],
	['come back "later"', 'come back "later"']
] as [never, string | undefined][])('takes the verdict %j, now and later', async (verdict, reason) => {
	for (const subscribe of [() => verdict, async () => verdict]) {
		const { client, platform } = await connected({ subscribe });
		expect(await ask(client, 'a')).toEqual([reason === undefined ? yes('a') : no('a', reason)]);
		expect(platform.subscribers('a')).toBe(reason === undefined ? 1 : 0);
	}
});

it.each(FAILURES)('denies when the hook %s, and logs it once', async (_name, hook) => {
	for (const hooks of [{ subscribe: hook }, { subscribeBatch: hook }]) {
		const { client, log, platform, ws } = await connected(hooks);
		expect(await ask(client, 'a')).toEqual([no('a', 'INTERNAL_ERROR')]);
		expect(log.lines).toHaveLength(1);
		expect(await platform.subscribe(ws, 'b')).toBe('INTERNAL_ERROR');
		expect([platform.subscribers('a'), platform.subscribers('b')]).toEqual([0, 0]);
	}
});

it('answers a batch: invalid ones first, the rest in order, non-strings as they came', async () => {
	const { client } = await connected({ subscribe: async (_ws, topic) => topic !== 'c' });
	client.say({ type: 'subscribe-batch', topics: ['a', '__x', 7, 'c', null, 'b'], ref: 8 });
	await settle();
	expect(client.heard()).toEqual([
		no('__x', 'INVALID_TOPIC', 8),
		no(7, 'INVALID_TOPIC', 8),
		no(null, 'INVALID_TOPIC', 8),
		yes('a', 8),
		no('c', 'FORBIDDEN', 8),
		yes('b', 8)
	]);
});

it('asks the hook for all topics of a batch at the same time', async () => {
	const asked: string[] = [];
	const { client } = await connected({ subscribe: (_ws, topic) => (asked.push(topic), new Promise(() => {})) });
	client.say({ type: 'subscribe-batch', topics: ['a', 'b'] });
	expect(asked).toEqual(['a', 'b']);
});

it('reads 256 topics of a batch and no more', async () => {
	const { client } = await connected();
	client.say({ type: 'subscribe-batch', topics: Array.from({ length: 300 }, (_, i) => `t${i}`), ref: 4 });
	expect(client.heard()).toHaveLength(256);
});

it('prefers subscribeBatch: once for a batch, with one topic for a single subscribe', async () => {
	const asked: (readonly string[])[] = [];
	const hooks: WebSocketHooks = {
		subscribe: () => expect.unreachable(),
		subscribeBatch: async (_ws, topics) => (asked.push(topics), { b: false, c: 'LATER', d: true })
	};
	const { client, platform, ws } = await connected(hooks);
	client.say({ type: 'subscribe-batch', topics: ['a', 'b', '__x', 'c', 'd'], ref: 1 });
	await settle();
	expect(client.heard()).toEqual([no('__x', 'INVALID_TOPIC'), yes('a'), no('b', 'FORBIDDEN'), no('c', 'LATER'), yes('d')]);
	expect(await ask(client, 'b')).toEqual([no('b', 'FORBIDDEN')]);
	expect(await platform.subscribe(ws, 'c')).toBe('LATER');
	expect(asked).toEqual([['a', 'b', 'c', 'd'], ['b'], ['c']]);
});

it.each([undefined, null, 7, {}] as never[])('allows all when subscribeBatch gives %j', async (verdicts) => {
	const { client } = await connected({ subscribeBatch: () => verdicts });
	client.say({ type: 'subscribe-batch', topics: ['a', 'toString'], ref: 1 });
	expect(client.heard()).toEqual([yes('a'), yes('toString')]);
});

it('logs a failing subscribeBatch once for the whole batch', async () => {
	const { client, log } = await connected({
		subscribeBatch: () => {
			throw new Error('no');
		}
	});
	client.say({ type: 'subscribe-batch', topics: ['a', 'b'], ref: 1 });
	expect(client.heard()).toEqual([no('a', 'INTERNAL_ERROR'), no('b', 'INTERNAL_ERROR')]);
	expect(log.lines).toHaveLength(1);
});

it('asks again for a topic that is held already, and says yes without joining twice', async () => {
	let asked = 0;
	const { client, platform, ws } = await connected({ subscribe: () => void asked++ });
	await ask(client, 'a');
	expect(await ask(client, 'a')).toEqual([yes('a')]);
	expect(await platform.subscribe(ws, 'a')).toBeNull();
	expect([asked, platform.subscribers('a')]).toEqual([2, 1]);
});

it('denies topics over the cap, also those that were decided at the same time', async () => {
	const { client, platform, ws, telemetry } = await connected({ subscribe: async () => {} });
	for (let i = 0; i < LIMITS.subscriptionsPerConnection - 1; i++) ws.subscribe(`t${i}`);
	client.say({ type: 'subscribe-batch', topics: ['x', 'y', 't0'], ref: 1 });
	await settle();
	expect(client.heard()).toEqual([yes('x'), no('y', 'RATE_LIMITED'), yes('t0')]);
	expect(await platform.subscribe(ws, 'y')).toBe('RATE_LIMITED');
	expect(telemetry.names()).toContain('limit.subscriptionsPerConnection');
});

it('leaves a topic and tells the hook, once, and only for what was held', async () => {
	const left: string[] = [];
	const { client, platform } = await connected({ unsubscribe: (_ws, topic) => void left.push(topic) });
	await ask(client, 'a');
	for (const topic of ['a', 'a', 'never', '__x\n']) client.say({ type: 'unsubscribe', topic });
	expect(client.heard()).toEqual([]);
	expect([left, platform.subscribers('a')]).toEqual([['a'], 0]);
});

it('lets the app join through the gate, ask only, and leave', async () => {
	const { platform, ws, client } = await connected({ subscribe: async (_ws, topic) => topic.length < 3 });
	expect(await platform.checkSubscribe(ws, 'a')).toBeNull();
	expect(platform.subscribers('a')).toBe(0);
	expect(await platform.subscribe(ws, 'a')).toBeNull();
	expect(await platform.subscribe(ws, '__x')).toBe('FORBIDDEN');
	expect(await platform.subscribe(ws, '__')).toBeNull();
	expect(await platform.subscribe(ws, 'é')).toBeNull();
	for (const topic of ['', 'a\n', 'x'.repeat(257)]) expect(await platform.subscribe(ws, topic)).toBe('INVALID_TOPIC');
	expect(client.heard()).toEqual([]);
	expect([platform.unsubscribe(ws, 'a'), platform.unsubscribe(ws, 'a')]).toEqual([true, false]);
});

it('lets a hook send before the answer, to seed the state', async () => {
	const { client } = await connected({ subscribe: (ws, topic, { platform }) => void platform.send(ws, topic, 'state', 1) });
	expect(await ask(client, 'a')).toEqual([{ topic: 'a', event: 'state', data: 1 }, yes('a')]);
});

it('leaves nothing behind when the client goes while a hook decides', async () => {
	for (const hook of ['subscribe', 'subscribeBatch'] as const) {
		let decide = (): void => {};
		const server = await connected({ [hook]: () => new Promise<void>((resolve) => (decide = resolve)) });
		const { client, platform, ws } = server;
		client.say({ type: 'subscribe-batch', topics: ['a', 'b'], ref: 1 });
		client.say({ type: 'subscribe', topic: 'c', ref: 2 });
		const joined = platform.subscribe(ws, 'd');
		const { length } = client.socket.frames;
		client.leave();
		decide();
		await expect(joined).rejects.toThrow(/closed/);
		await settle();
		expect(['a', 'b', 'c', 'd'].map(platform.subscribers)).toEqual([0, 0, 0, 0]);
		expect(client.socket.frames).toHaveLength(length);
		expect(server.log.lines).toEqual([]);
		await expect(platform.subscribe(ws, 'a')).rejects.toThrow(/closed/);
	}
});

it('asks gates too when only the answer is wanted', async () => {
	const { platform, ws } = await connected({});
	platform.gate((_ws, topic) => Promise.resolve(topic !== 'theirs'));
	expect(await platform.checkSubscribe(ws, 'theirs')).toBe('FORBIDDEN');
	expect(await platform.checkSubscribe(ws, 'free')).toBeNull();
	expect(['theirs', 'free'].map((topic) => platform.subscribers(topic))).toEqual([0, 0]);
});

it('asks gates before the hook, about frames of clients only, until they are disposed', async () => {
	const asked: string[] = [];
	const { client, platform, ws } = await connected({ subscribe: (_ws, topic) => void asked.push(topic) });
	const gate = platform.gate((_ws, topic) => topic !== 'mine');
	client.say({ type: 'subscribe-batch', topics: ['mine', 'plain'], ref: 1 });
	expect(client.heard()).toEqual([no('mine', 'FORBIDDEN'), yes('plain')]);
	expect(asked).toEqual(['plain']);
	expect(ws.subscribe('mine')).toBe(true);
	ws.unsubscribe('mine');
	gate[Symbol.dispose]();
	expect(await ask(client, 'mine')).toEqual([yes('mine')]);
});

it.each([
	[
		'throws',
		() => {
			throw new Error('no');
		}
	],
	['rejects', () => Promise.reject(new Error('no'))],
	['gives something that is not true', () => 1 as never],
	['gives it later', async () => 'yes' as never]
] as const)('denies when a gate %s', async (_name, gate) => {
	const { client, platform } = await connected({ subscribe: () => expect.unreachable() });
	platform.gate(gate);
	expect(await ask(client, 'a')).toEqual([no('a', 'FORBIDDEN')]);
	expect(platform.subscribers('a')).toBe(0);
});

it('handles what follows while a gate makes up its mind', async () => {
	const { client, platform } = await connected({ message: (ws, { text }) => void ws.send(text) });
	const decided = Promise.withResolvers<boolean>();
	platform.gate((_ws, topic) => topic !== 'later' || decided.promise);
	client.say({ type: 'subscribe-batch', topics: ['later', 'now'], ref: 1 });
	client.say('"next"');
	expect(client.heard()).toEqual([yes('now'), 'next']);
	decided.resolve(true);
	await settle();
	expect(client.heard()).toEqual([yes('later')]);
	expect(platform.subscribers('later')).toBe(1);
});

it('joins nobody who has left while a gate made up its mind', async () => {
	const { client, platform } = await connected();
	const decided = Promise.withResolvers<boolean>();
	platform.gate(() => decided.promise);
	client.say({ type: 'subscribe', topic: 'a', ref: 1 });
	client.leave();
	decided.resolve(true);
	await settle();
	expect(client.heard()).toEqual([]);
	expect(platform.subscribers('a')).toBe(0);
});

it('asks gates again when the hook took its time', async () => {
	const hook = Promise.withResolvers<void>();
	const { client, platform } = await connected({ subscribe: () => hook.promise });
	let open = true;
	platform.gate(() => open);
	client.say({ type: 'subscribe', topic: 'a', ref: 1 });
	open = false;
	hook.resolve();
	await settle();
	expect(client.heard()).toEqual([no('a', 'FORBIDDEN')]);
	expect(platform.subscribers('a')).toBe(0);
});

it('denies the topics of a batch whose verdict is a promise, and says what to do', async () => {
	const later: Record<string, any> = { a: Promise.resolve(true), b: Promise.reject(new Error('no')), c: true };
	const { client, log, platform } = await connected({ subscribeBatch: () => later });
	client.say({ type: 'subscribe-batch', topics: ['a', 'b', 'c'], ref: 1 });
	await settle();
	expect(client.heard()).toEqual([no('a', 'INTERNAL_ERROR'), no('b', 'INTERNAL_ERROR'), yes('c')]);
	expect([platform.subscribers('a'), platform.subscribers('b')]).toEqual([0, 0]);
	expect(String(log.lines[0]![2])).toBe(
		'TypeError: The verdict on "a" is a promise, which must be there at once. Await it before you hand it over.'
	);
});

it('takes back what a gate has still to decide when the client leaves the topic, as if it had decided at once', async () => {
	const told: string[] = [];
	const { client, platform } = await connected({
		subscribe: async (_ws, topic) => void told.push(`subscribe ${topic}`),
		unsubscribe: (_ws, topic) => void told.push(`unsubscribe ${topic}`)
	});
	const decided = Promise.withResolvers<boolean>();
	platform.gate((_ws, topic) => (topic === 'refused' ? decided.promise.then(() => false) : decided.promise));
	client.say({ type: 'subscribe-batch', topics: ['left', 'kept', 'refused'], ref: 1 });
	client.say({ type: 'unsubscribe', topic: 'left' });
	client.say({ type: 'unsubscribe', topic: 'refused' });
	decided.resolve(true);
	await settle();
	expect(client.heard()).toEqual([no('refused', 'FORBIDDEN'), yes('left'), yes('kept')]);
	platform.publish('left', 'e', 1);
	platform.publish('kept', 'e', 2);
	expect(client.heard()).toMatchObject([{ topic: 'kept', data: 2 }]);
	expect([platform.subscribers('left'), platform.subscribers('kept')]).toEqual([0, 1]);
	expect(told).toEqual(['subscribe left', 'subscribe kept', 'unsubscribe left']);
});

it.each([0, 1])('joins who asks again after leaving, whichever answer comes first (%i)', async (first) => {
	const { client, platform } = await connected();
	const decisions: ((yes: boolean) => void)[] = [];
	platform.gate(() => new Promise((resolve) => decisions.push(resolve)));
	client.say({ type: 'subscribe', topic: 'a', ref: 1 });
	client.say({ type: 'unsubscribe', topic: 'a' });
	client.say({ type: 'subscribe', topic: 'a', ref: 2 });
	for (const n of [first, 1 - first]) {
		decisions[n]!(true);
		await settle();
	}
	expect(client.heard()).toEqual([yes('a', first + 1), yes('a', 2 - first)]);
	expect(platform.subscribers('a')).toBe(1);
	client.say({ type: 'unsubscribe', topic: 'a' });
	expect(platform.subscribers('a')).toBe(0);
});

it('lets a client have so many subscribes undecided and no more, and others as before', async () => {
	const { client, platform, join, telemetry } = await connected();
	const decided = Promise.withResolvers<boolean>();
	platform.gate(() => decided.promise);
	for (let ref = 1; ref <= LIMITS.undecidedSubscribes; ref++) client.say({ type: 'subscribe', topic: `t${ref % 2}`, ref });
	expect(client.heard()).toEqual([]);
	expect(await ask(client, 'one more', 'x')).toEqual([no('one more', 'RATE_LIMITED', 'x')]);
	expect(telemetry.names()).toContain('limit.undecidedSubscribes');
	const other = await join();
	other.say({ type: 'subscribe', topic: 't0', ref: 1 });
	decided.resolve(true);
	await settle();
	expect(other.heard()).toEqual([yes('t0')]);
	expect(client.heard()).toHaveLength(LIMITS.undecidedSubscribes);
	expect(await ask(client, 'one more', 'y')).toEqual([yes('one more', 'y')]);
});
