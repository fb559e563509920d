import { expect, it } from 'vitest';
import { counterId, testStores, OPTIONS, settle, startCore, upgradeRequest } from '../../test/support/core.ts';
import { TestClock } from '../../test/support/clock.ts';
import { memoryLog, memoryTelemetry } from '../../test/support/log.ts';
import type { Bus } from '../contract/bus.ts';
import type { Platform } from '../contract/platform.ts';
import { createServerCore } from './server.ts';

it('is ready when init has settled, on a bound port, with a platform of its own id', async () => {
	const seen: unknown[] = [];
	const { core } = await startCore({
		init: async ({ platform }) => {
			seen.push(platform);
			await settle();
			seen.push('settled');
		}
	});
	expect(seen).toEqual([core.platform, 'settled']);
	expect(core.platform.requestId).toMatch(/^id/);
	expect(core.listener.port).toBe(0);
});

it('leaves nothing running when init fails', async () => {
	const ended: string[] = [];
	const bus: Bus = { relay() {}, start: async () => ({ [Symbol.asyncDispose]: async () => void ended.push('bus') }) };
	const parts = {
		bus,
		clock: new TestClock(),
		log: memoryLog(),
		telemetry: memoryTelemetry(),
		options: OPTIONS,
		randomId: counterId(),
		stores: testStores()
	};
	const listener = { port: 0, publish() {}, stopAccepting() {}, [Symbol.asyncDispose]: async () => void ended.push('listener') };
	const failing = { init: () => Promise.reject(new Error('no database')) };
	await expect(createServerCore({ ...parts, hooks: failing, listen: async () => listener })).rejects.toThrow('no database');
	expect(ended).toEqual(['bus', 'listener']);
	await expect(createServerCore({ ...parts, hooks: {}, listen: () => Promise.reject(new Error('port taken')) })).rejects.toThrow(
		'port taken'
	);
});

it('drains: shutdown hook, no new connections, every socket closed with 1012 and a time to come back; once', async () => {
	const steps: string[] = [];
	const server = await startCore({
		shutdown: async () => void (await settle(), steps.push('shutdown')),
		close: (_ws, { code }) => void steps.push(`close ${code}`)
	});
	const client = await server.join();
	client.say({ type: 'subscribe', topic: 't' });
	server.platform.publish('t', 'last');
	const first = server.core.drain();
	expect(server.core.drain()).toBe(first);
	expect(server.accepting()).toBe(true);
	await first;
	expect([server.accepting(), client.socket.closed, steps]).toEqual([
		false,
		[1012, expect.stringMatching(/^Server shutting down; retry in \d+ ms$/)],
		['shutdown', 'close 1012']
	]);
	expect(client.heard().at(-1)).toMatchObject({ event: 'last' });
	expect(server.platform.connections).toBe(0);
});

it('drains although the shutdown hook fails, and does not wait longer than it may', async () => {
	const failing = await startCore({ shutdown: () => Promise.reject(null) });
	await failing.core.drain();
	expect(failing.log.lines).toHaveLength(1);
	const hanging = await startCore({ shutdown: () => new Promise(() => {}) }, { options: { shutdownTimeoutMs: 5_000 } });
	const drained = hanging.core.drain();
	await settle();
	hanging.clock.pass(5_000);
	await drained;
	expect(hanging.log.lines[0]![1]).toMatch(/shutdown hook failed/);
	const quick = await startCore({ shutdown: async () => {} }, { options: { shutdownTimeoutMs: 5_000 } });
	await quick.core.drain();
	expect(quick.clock.pending).toBe(0);
});

it('refuses who is being decided on when it drains, and closes who comes too late', async () => {
	let opened = 0;
	const server = await startCore({
		upgrade: ({ headers }) => (headers['slow'] ? new Promise(() => {}) : {}),
		open: () => void opened++,
		close: () => void opened++
	});
	const decision = await server.upgrade();
	const pending = server.upgrade(upgradeRequest({ slow: '1' }));
	await settle();
	await server.core.drain();
	expect(await pending).toMatchObject({ accept: false, status: 503 });
	if (!decision.accept) throw new Error('refused');
	const late = server.open(decision.data);
	expect([late.socket.closed?.[0], late.heard()[0].type, opened, server.platform.connections]).toEqual([1012, 'welcome', 0, 0]);
	expect(server.clock.pending).toBe(0);
});

it('rests after dispose: no timer, no topic, no connection, no bus, no listener', async () => {
	const ended: string[] = [];
	const bus: Bus = { relay() {}, start: async () => ({ [Symbol.asyncDispose]: async () => void ended.push('bus') }) };
	const server = await startCore({ upgrade: ({ headers }) => (headers['slow'] ? new Promise(() => {}) : {}) }, { bus });
	const client = await server.join();
	client.say({ type: 'subscribe', topic: 't' });
	void server.join({ slow: '1' }).catch(() => ended.push('handshake'));
	await settle();
	server.platform.publish('t', 'e');
	await server.core[Symbol.asyncDispose]();
	await settle();
	expect(ended.sort()).toEqual(['bus', 'handshake']);
	expect([server.disposed(), server.clock.pending, server.platform.subscribers('t'), server.platform.connections]).toEqual([
		true,
		0,
		0,
		0
	]);
	expect(() => server.platform.publish('t', 'e')).not.toThrow();
	expect(client.socket.topics.size).toBe(0);
});

it('replaces hooks: each connection ends with those it began with', async () => {
	const steps: string[] = [];
	const hooks = (name: string) => ({
		init: () => void steps.push(`init ${name}`),
		shutdown: () => void steps.push(`shutdown ${name}`),
		open: () => void steps.push(`open ${name}`),
		close: () => void steps.push(`close ${name}`)
	});
	const server = await startCore(hooks('old'));
	const client = await server.join();
	// The peer answers the close later than the replacement, as over a network.
	client.socket.onClose = () => {};
	const late = await server.upgrade();
	await server.core.replaceHooks(hooks('new'));
	expect(client.socket.closed).toEqual([1012, 'Handler reloaded']);
	client.events.closed(1012, '');
	if (late.accept) expect(server.open(late.data).socket.closed?.[0]).toBe(1012);
	await server.join();
	expect(steps).toEqual(['init old', 'open old', 'shutdown old', 'close old', 'init new', 'open new']);
});

it('keeps the new hooks when their init fails, and takes one replacement after the other', async () => {
	const server = await startCore();
	const opened: string[] = [];
	const broken = server.core.replaceHooks({
		init: () => Promise.reject(new Error('broken')),
		open: () => void opened.push('broken')
	});
	await expect(broken).rejects.toThrow('broken');
	await server.join();
	const steps: string[] = [];
	const slow = server.core.replaceHooks({
		init: async () => void (await settle(), steps.push('init slow')),
		shutdown: () => void steps.push('shutdown slow')
	});
	const next = server.core.replaceHooks({ init: () => void steps.push('init next'), open: () => void opened.push('next') });
	await Promise.all([slow, next]);
	await server.join();
	expect([opened, steps]).toEqual([
		['broken', 'next'],
		['init slow', 'shutdown slow', 'init next']
	]);
	await server.core.drain();
	await server.core.replaceHooks({ init: () => expect.unreachable() });
});

it('counts connections that are open, by telemetry too', async () => {
	const { platform, join, telemetry, clock } = await startCore();
	const [a] = [await join(), await join()];
	expect(platform.connections).toBe(2);
	clock.pass(250);
	a.leave(1005);
	expect(platform.connections).toBe(1);
	expect(telemetry.events).toEqual([
		{ name: 'socket.open' },
		{ name: 'socket.open' },
		{ name: 'socket.close', value: 250, labels: { code: '1005' } }
	]);
});

it('keeps two servers of one process apart', async () => {
	const [a, b] = [await startCore(), await startCore()];
	const [clientA, clientB] = [await a.join(), await b.join()];
	for (const client of [clientA, clientB]) client.say({ type: 'subscribe', topic: 't' });
	const platforms: Platform[] = [a.platform, b.platform];
	platforms[0]!.publish('t', 'e');
	expect([clientA.heard().length, clientB.heard().length]).toEqual([1, 0]);
});
