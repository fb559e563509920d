import { expect, it } from 'vitest';
import { startCore } from '../../test/support/core.ts';
import type { Connection } from '../contract/connection.ts';
import type { BatchedMessage } from '../contract/platform.ts';
import { collapse } from './platform.ts';

async function withClients(...users: unknown[]) {
	const server = await startCore({ upgrade: ({ headers }) => ({ user: JSON.parse(headers['user']!) as unknown }) });
	const clients = [];
	for (const user of users) clients.push(await server.join({ user: JSON.stringify(user) }));
	return { ...server, clients, ws: clients.map(({ events }) => events as unknown as Connection) };
}

it('has methods that work when they are taken off it', async () => {
	const { platform, clients, ws } = await withClients(1);
	const {
		publish,
		batch,
		publishBatched,
		send,
		sendTo,
		subscribe,
		checkSubscribe,
		unsubscribe,
		subscribers,
		bufferedAmount,
		topic,
		tap
	} = platform;
	expect(await checkSubscribe(ws[0]!, 't')).toBeNull();
	expect(await subscribe(ws[0]!, 't')).toBeNull();
	expect(subscribers('t')).toBe(1);
	const ended = tap(() => {});
	expect(publish('t', 'e', 1)).toBe(true);
	expect(
		batch([
			{ topic: 't', event: 'e', data: 2 },
			{ topic: 'u', event: 'e' }
		])
	).toEqual([true, false]);
	publishBatched([{ topic: 't', event: 'e', data: 3 }]);
	topic('t').created(4);
	expect(sendTo(() => true, 's', 'e')).toBe(1);
	expect(send(ws[0]!, 's', 'e')).toBe(0);
	expect(bufferedAmount(ws[0]!)).toBe(0);
	expect(unsubscribe(ws[0]!, 't')).toBe(true);
	ended[Symbol.dispose]();
	expect(clients[0]!.heard().map(({ topic, data }) => [topic, data])).toEqual([
		['t', 1],
		['t', 2],
		['t', 3],
		['t', 4],
		['s', null],
		['s', null]
	]);
});

it('sends to one client, without a position', async () => {
	const { platform, clients, ws } = await withClients(1, 2);
	expect(platform.send(ws[0]!, 'inbox', 'new', { a: 1 })).toBe(1);
	expect(clients[0]!.socket.texts.at(-1)).toBe('{"topic":"inbox","event":"new","data":{"a":1}}');
	expect(clients[1]!.heard()).toEqual([]);
	expect(() => platform.send(ws[0]!, 'a\n', 'e')).toThrow(TypeError);
	expect(() => platform.send({} as Connection, 'a', 'e')).toThrow(/Not a connection/);
});

it('sends to whose user data passes, and tells how many', async () => {
	const { platform, clients } = await withClients(1, 2, 2);
	expect(platform.sendTo(({ user }) => user === 2, 't', 'e')).toBe(2);
	expect(clients.map((client) => client.heard().length)).toEqual([0, 1, 1]);
});

it('takes a filter that throws or waits for no, and says so once', async () => {
	const { platform, log } = await withClients(1, 2);
	const filter = ({ user }: { user: number }): boolean => {
		if (user === 1) throw null;
		return true;
	};
	expect([platform.sendTo(filter, 't', 'e'), platform.sendTo(filter, 't', 'e')]).toEqual([1, 1]);
	for (const late of [async () => true, () => Promise.reject(null)]) expect(platform.sendTo(late as never, 't', 'e')).toBe(0);
	expect(log.lines).toHaveLength(2);
});

it('counts what was dropped as not sent', async () => {
	const { platform, clients } = await withClients(1, 2);
	clients[0]!.socket.status = 'dropped';
	expect(platform.sendTo(() => true, 't', 'e')).toBe(1);
});

it('survives a filter that closes connections', async () => {
	const { platform, clients } = await withClients(1, 2, 3);
	expect(platform.sendTo(() => (clients[1]!.leave(), true), 't', 'e')).toBe(2);
});

it('names the events of a topic', async () => {
	const { platform, clients, ws } = await withClients(1);
	ws[0]!.subscribe('t');
	const topic = platform.topic('t');
	topic.publish('custom', 0);
	topic.created(1);
	topic.updated(2);
	topic.deleted(3);
	topic.set(4);
	topic.increment();
	topic.increment(5);
	topic.decrement();
	expect(topic.decrement(6)).toBe(true);
	expect(clients[0]!.heard().map(({ event, data }) => [event, data])).toEqual([
		['custom', 0],
		['created', 1],
		['updated', 2],
		['deleted', 3],
		['set', 4],
		['increment', 1],
		['increment', 5],
		['decrement', 1],
		['decrement', 6]
	]);
});

it('publishes nothing for an empty or missing list', async () => {
	const { platform, clock } = await withClients();
	platform.publishBatched([]);
	platform.publishBatched(undefined as never);
	expect(clock.busy).toBe(false);
});

it('gives each request a platform of its own with everything else the same', async () => {
	const { core, platform, join } = await startCore();
	const one = core.platformFor('r1');
	expect([one.requestId, one.epoch, one.maxPayloadLength, one.connections]).toEqual(['r1', platform.epoch, 16_384, 0]);
	expect(one.publish).toBe(platform.publish);
	expect(platform.requestId).not.toBe('r1');
	await join();
	expect(one.connections).toBe(1);
});

it('of messages with one key keeps the last at its place, and the same list when there is no key', () => {
	const message = (data: number, coalesceKey?: string): BatchedMessage => ({
		topic: 't',
		event: 'e',
		data,
		...(coalesceKey === undefined ? {} : { coalesceKey })
	});
	const keyless = [message(1), message(2)];
	expect(collapse(keyless)).toBe(keyless);
	const keyed = [message(1, 'a'), message(2), message(3, 'b'), message(4, 'a'), message(5, '')];
	expect(collapse(keyed).map(({ data }) => data)).toEqual([2, 3, 4, 5]);
	expect(keyed).toHaveLength(5);
});
