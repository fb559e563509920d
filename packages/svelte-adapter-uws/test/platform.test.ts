import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Connection } from '../src/contract/connection.ts';
import { memoryBus } from '../src/host/memory-bus.ts';
import { createTestServer, type TestServerOptions } from '../src/host/testing.ts';
import { memoryLog } from './support/log.ts';

// What the members of the platform give and throw, on real engines and in memory.

interface Client {
	/** The server's end. */
	readonly ws: Connection;
	readonly frames: Record<string, any>[];
	say(frame: object): void;
	/** Stops reading; only real sockets can. */
	pause(): void;
	end(): void;
}

async function start(transport: 'node' | 'uws' | 'memory', options: TestServerOptions = {}) {
	const server = await createTestServer({ transport, log: memoryLog(), ...options });
	onTestFinished(() => server.close());
	const enter = async (): Promise<Client> => {
		const frames: Record<string, any>[] = [];
		const hear = (text: string): void => {
			const frame = JSON.parse(text) as Record<string, any>;
			frames.push(...(frame['type'] === 'batch' ? (frame['events'] as Record<string, any>[]) : [frame]));
		};
		const connected = server.waitForConnection();
		if (transport === 'memory') {
			const peer = await server.connect();
			peer.onmessage = (frame) => hear(frame as string);
			return {
				ws: await connected,
				frames,
				say: (frame) => peer.send(JSON.stringify(frame)),
				pause: () => expect.unreachable('a peer in memory always reads'),
				end: () => peer.close()
			};
		}
		const socket = new WebSocket(server.wsUrl);
		onTestFinished(() => socket.terminate());
		socket.on('message', (data: Buffer) => hear(data.toString()));
		await new Promise((resolve, reject) => void socket.once('open', resolve).once('error', reject));
		return {
			ws: await connected,
			frames,
			say: (frame) => socket.send(JSON.stringify(frame)),
			pause: () => socket.pause(),
			end: () => socket.close()
		};
	};
	/** What a client heard of a topic once what was sent before has come. */
	const heard = async (client: Client, topic: string): Promise<[event: string, data: unknown, seq: unknown][]> => {
		server.platform.send(client.ws, 'fence', 'passed');
		await vi.waitFor(() => expect(client.frames.at(-1)).toMatchObject({ topic: 'fence' }));
		return client.frames.filter((frame) => frame['topic'] === topic).map(({ event, data, seq }) => [event, data, seq]);
	};
	return { server, platform: server.platform, enter, heard };
}

const cycle: unknown[] = [];
cycle.push(cycle);
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe.each(['node', 'uws', 'memory'] as const)('the platform on %s', (transport) => {
	it('publish: tells whether somebody here hears it, and numbers what is not told otherwise', async () => {
		const { platform, enter, heard } = await start(transport);
		expect(platform.publish('t', 'e')).toBe(false);
		const client = await enter();
		client.ws.subscribe('t');
		expect(platform.publish('t', 'e', 1)).toBe(true);
		expect(platform.publish('t', 'e', 2, { seq: false })).toBe(true);
		expect(platform.publish('t', 'e', 3)).toBe(true);
		expect(await heard(client, 't')).toEqual([
			['e', 1, 2],
			['e', 2, undefined],
			['e', 3, 3]
		]);
	});

	it('publish: tells whether it was relayed where there is a bus', async () => {
		const { platform } = await start(transport, { bus: memoryBus().join() });
		expect([platform.publish('t', 'e'), platform.publish('t', 'e', 1, { relay: false })]).toEqual([true, false]);
	});

	it('publish: sends undefined, functions and symbols as null, and throws for what cannot travel without a number lost', async () => {
		const { platform, enter, heard } = await start(transport);
		const client = await enter();
		client.ws.subscribe('t');
		for (const data of [undefined, () => {}, Symbol('s')]) platform.publish('t', 'e', data);
		for (const data of [1n, cycle]) expect(() => platform.publish('t', 'e', data)).toThrow(TypeError);
		for (const name of ['a"b', 'a\\b', 'a\nb', 5 as never, undefined as never]) {
			expect(() => platform.publish(name, 'e')).toThrow(TypeError);
			expect(() => platform.publish('t', name)).toThrow(TypeError);
			expect(() => platform.send(client.ws, name, 'e')).toThrow(TypeError);
		}
		platform.publish('t', 'e', 'last');
		expect(await heard(client, 't')).toEqual([
			['e', null, 1],
			['e', null, 2],
			['e', null, 3],
			['e', 'last', 4]
		]);
	});

	it('batch and topic: give what publish gives', async () => {
		const { platform, enter, heard } = await start(transport);
		const client = await enter();
		client.ws.subscribe('t');
		expect(
			platform.batch([
				{ topic: 't', event: 'e' },
				{ topic: 'nobody', event: 'e', data: 1 }
			])
		).toEqual([true, false]);
		const topic = platform.topic('t');
		const results = [
			topic.created(1),
			topic.updated(2),
			topic.deleted(3),
			topic.set(4),
			topic.increment(),
			topic.decrement(5),
			topic.publish('own')
		];
		expect([results, platform.topic('nobody').set(1)]).toEqual([results.map(() => true), false]);
		expect((await heard(client, 't')).map(([event, data]) => [event, data])).toEqual([
			['e', null],
			['created', 1],
			['updated', 2],
			['deleted', 3],
			['set', 4],
			['increment', 1],
			['decrement', 5],
			['own', null]
		]);
	});

	it('publishBatched: gives nothing, does nothing for no list, and keeps the last of one key at its own place', async () => {
		const { platform, enter, heard } = await start(transport);
		const client = await enter();
		client.ws.subscribe('t');
		expect([
			platform.publishBatched([]),
			platform.publishBatched(undefined as never),
			platform.publishBatched({} as never)
		]).toEqual([undefined, undefined, undefined]);
		const message = (data: number, coalesceKey?: string) => ({
			topic: 't',
			event: 'e',
			data,
			...(coalesceKey && { coalesceKey })
		});
		platform.publishBatched([message(1, 'k'), message(2), message(3, 'k'), { topic: 'u', event: 'e' }]);
		expect(await heard(client, 't')).toEqual([
			['e', 2, 1],
			['e', 3, 2]
		]);
	});

	it('send: 1 for an open connection, 2 for a closed one, without a number', async () => {
		const { platform, enter, heard } = await start(transport);
		const client = await enter();
		expect(platform.send(client.ws, 't', 'e', 1)).toBe(1);
		expect(await heard(client, 't')).toEqual([['e', 1, undefined]]);
		client.ws.close();
		expect([platform.send(client.ws, 't', 'e'), platform.bufferedAmount(client.ws)]).toEqual([2, 0]);
		expect(() => platform.send({} as never, 't', 'e')).toThrow('Not a connection of this server.');
	});

	it('sendTo: counts whom it was sent to; a filter that throws or promises says no', async () => {
		const users = ['a', 'b', 'b'];
		const { platform, enter, heard } = await start(transport, { handler: { upgrade: () => ({ user: users.shift() }) } });
		const clients = [await enter(), await enter(), await enter()];
		expect(platform.sendTo(({ user }) => user === 'b', 't', 'e', 1)).toBe(2);
		expect(platform.sendTo((() => Promise.resolve(true)) as never, 't', 'e', 2)).toBe(0);
		expect(
			platform.sendTo(
				({ user }) => {
					if (user === 'b') throw new Error('no');
					return true;
				},
				't',
				'e',
				3
			)
		).toBe(1);
		expect(await Promise.all(clients.map((client) => heard(client, 't')))).toEqual([
			[['e', 3, undefined]],
			[['e', 1, undefined]],
			[['e', 1, undefined]]
		]);
	});

	it('request: the reply, or why there is none', async () => {
		const { platform, enter } = await start(transport);
		const client = await enter();
		const asked = async (event: string): Promise<number> => {
			await vi.waitFor(() => expect(client.frames.at(-1)).toMatchObject({ type: 'request', event }));
			return client.frames.at(-1)!['ref'] as number;
		};
		const good = platform.request(client.ws, 'good', { x: 1 });
		client.say({ type: 'reply', ref: await asked('good'), data: { y: 2 } });
		expect(await good).toEqual({ y: 2 });
		const bad = platform.request(client.ws, 'bad');
		client.say({ type: 'reply', ref: await asked('bad'), error: 'I will not' });
		await expect(bad).rejects.toMatchObject({ code: 'REFUSED', message: 'I will not' });
		await expect(platform.request(client.ws, 'slow', null, { timeoutMs: 5 })).rejects.toMatchObject({
			code: 'TIMEOUT',
			message: 'request timed out'
		});
		await expect(platform.request(client.ws, 'none', 1n)).rejects.toThrow(TypeError);
		const open = expect(platform.request(client.ws, 'gone')).rejects.toMatchObject({
			code: 'CLOSED',
			message: 'connection closed'
		});
		await asked('gone');
		client.end();
		await open;
		await expect(platform.request(client.ws, 'late')).rejects.toMatchObject({ code: 'CLOSED', message: 'connection closed' });
	});

	it('subscribe, checkSubscribe and unsubscribe: null or the reason, and whether it was held', async () => {
		const calls: string[] = [];
		const { platform, enter } = await start(transport, {
			handler: {
				subscribe: (ws, topic) => {
					// Nothing can be heard of a topic while somebody still decides on it.
					calls.push(`${topic} ${ws.isSubscribed(topic)}`);
					return topic === 'no' ? false : topic === 'why' ? 'BECAUSE' : undefined;
				},
				unsubscribe: (_ws, topic) => void calls.push(`left ${topic}`)
			}
		});
		const { ws } = await enter();
		const answers = async (topic: string) => [await platform.checkSubscribe(ws, topic), await platform.subscribe(ws, topic)];
		expect(await answers('no')).toEqual(['FORBIDDEN', 'FORBIDDEN']);
		expect(await answers('why')).toEqual(['BECAUSE', 'BECAUSE']);
		expect(await answers('')).toEqual(['INVALID_TOPIC', 'INVALID_TOPIC']);
		expect(await platform.checkSubscribe(ws, '__own')).toBe(null);
		expect([await platform.checkSubscribe(ws, 'yes'), ws.getTopics()]).toEqual([null, []]);
		calls.length = 0;
		expect([await platform.subscribe(ws, 'yes'), await platform.subscribe(ws, 'yes'), platform.subscribers('yes')]).toEqual([
			null,
			null,
			1
		]);
		expect([platform.unsubscribe(ws, 'yes'), platform.unsubscribe(ws, 'yes'), platform.subscribers('yes')]).toEqual([
			true,
			false,
			0
		]);
		expect(calls).toEqual(['yes false', 'left yes']);
		ws.close();
		await expect(platform.subscribe(ws, 'yes')).rejects.toThrow('The connection is closed.');
		expect(platform.unsubscribe(ws, 'yes')).toBe(false);
	});

	it('what it tells of itself: connections, ids, sizes, pressure and what went wrong', async () => {
		const ids: string[] = [];
		const { server, platform, enter } = await start(transport, {
			handler: {
				open: (_ws, { platform: own }) => void ids.push(own.requestId),
				message: () => {
					throw new Error('no');
				}
			},
			wsOptions: { maxPayloadLength: 2_048 }
		});
		expect([platform.connections, platform.maxPayloadLength, typeof platform.epoch, typeof platform.requestId]).toEqual([
			0,
			2_048,
			'string',
			'string'
		]);
		const [one, two] = [await enter(), await enter()];
		expect([platform.connections, new Set([...ids, platform.requestId]).size]).toEqual([2, 3]);
		one.say({ any: 'thing' });
		await vi.waitFor(() => expect([...platform.assertions]).toEqual([['hook.message', 1]]));
		expect(platform.pressure).toMatchObject({ active: false, reason: 'NONE', topPublishers: [] });
		for (const stop of [platform.onPressure(() => {}), platform.onPublishRate(() => {})]) expect(stop()).toBeUndefined();
		two.end();
		await vi.waitFor(() => expect([platform.connections, server.wsConnections.size]).toEqual([1, 1]));
	});

	it('works when its methods are taken off it', async () => {
		const { platform, enter } = await start(transport);
		const { publish, send, subscribe, sendTo, batch, topic, subscribers } = platform;
		const { ws } = await enter();
		expect(await subscribe(ws, 't')).toBe(null);
		expect([
			publish('t', 'e'),
			send(ws, 't', 'e'),
			sendTo(() => true, 't', 'e'),
			batch([]),
			topic('t').set(1),
			subscribers('t')
		]).toEqual([
			true,
			// After what was published in this turn.
			0,
			1,
			[],
			true,
			1
		]);
	});
});

it.each(['node', 'uws'] as const)(
	'%s: send tells of a client that does not read: 0 = it waits, 2 = it was dropped; so does request',
	async (transport) => {
		const { platform, enter } = await start(transport, { wsOptions: { maxBackpressure: 65_536 } });
		const client = await enter();
		client.pause();
		const seen = new Set<number>();
		for (let n = 0; n < 2_000 && !seen.has(2); n++) {
			seen.add(platform.send(client.ws, 't', 'e', 'x'.repeat(60_000)));
			await turn();
		}
		expect(seen).toEqual(new Set([1, 0, 2]));
		expect(platform.bufferedAmount(client.ws)).toBeGreaterThan(0);
		await expect(platform.request(client.ws, 'q', 'x'.repeat(60_000))).rejects.toMatchObject({
			code: 'NOT_DELIVERED',
			message: 'request not delivered'
		});
	}
);
