import { once } from 'node:events';
import { createServer } from 'node:http';
import { freePort } from 'conformance/free-port';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocketServer, type WebSocket as ServerSocket } from 'ws';
import { connect, createClient } from '../../src/client/connect.ts';
import { answerRequests } from '../../src/client/request.ts';
import { on } from '../../src/client/store/on.ts';
import { crud } from '../../src/client/store/crud.ts';
import type { Client } from '../../src/contract/client.ts';
import type { Envelope } from '../../src/contract/envelope.ts';
import type { ResumeContext, WebSocketHooks } from '../../src/contract/hooks.ts';
import type { ServerCore } from '../../src/core/parts.ts';
import { createServerCore } from '../../src/core/server.ts';
import { createTestServer } from '../../src/host/testing.ts';
import { systemClock } from '../../src/host/clock.ts';
import { createTopicStores } from '../../src/client/store/topic.ts';
import { counterId, testStores, OPTIONS } from '../support/core.ts';
import { memoryLog, memoryTelemetry } from '../support/log.ts';
import { SOCKET_OPTIONS, wireTransports, type WireTransport } from '../support/transports.ts';
import { valueOf } from '../support/browser.ts';

const tcp = (await wireTransports()).filter(({ name }) => name !== 'memory');

async function start(transport: WireTransport, hooks: WebSocketHooks = {}, port = 0): Promise<ServerCore> {
	const core = await createServerCore({
		listen: (handler) => transport.listen({ host: '127.0.0.1', port, sockets: { handler, options: SOCKET_OPTIONS } }),
		hooks,
		clock: systemClock(),
		log: memoryLog(),
		telemetry: memoryTelemetry(),
		options: OPTIONS,
		randomId: counterId(),
		stores: testStores()
	});
	onTestFinished(() => core[Symbol.asyncDispose]());
	return core;
}

const address = (core: ServerCore): string => `ws://127.0.0.1:${core.listener.port}/ws`;

function open(url: string): Client {
	const client = createClient({ url, reconnectInterval: 20, maxReconnectInterval: 100, log: memoryLog() });
	onTestFinished(() => client.close());
	return client;
}

function hear(client: Client, topic: string): Envelope[] {
	const heard: Envelope[] = [];
	client.listen(topic, (envelopes) => heard.push(...envelopes));
	client.subscribe(topic);
	return heard;
}

it.each(tcp)('$name: hears what is published, in order, with its place', async (transport) => {
	const core = await start(transport);
	const client = open(address(core));
	const heard = hear(client, 'a');
	const others = hear(client, 'b');
	await vi.waitFor(() => expect([core.platform.subscribers('a'), core.platform.subscribers('b')]).toEqual([1, 1]));
	for (let i = 0; i < 100; i++) core.platform.publish('a', 'n', i);
	core.platform.publish('b', 'x', null, { seq: false });
	await vi.waitFor(() => expect(others).toEqual([{ topic: 'b', event: 'x', data: null }]));
	expect(heard.map(({ data }) => data)).toEqual(Array.from({ length: 100 }, (_, i) => i));
	expect(heard[9]!.position).toEqual({ epoch: core.platform.epoch, seq: 10 });
	expect(client.maxPayloadLength).toBe(16_384);
});

it.each(tcp)('$name: leaves when nobody holds the topic any more', async (transport) => {
	const core = await start(transport);
	const client = open(address(core));
	const first = client.subscribe('a');
	const second = client.subscribe('a');
	await vi.waitFor(() => expect(core.platform.subscribers('a')).toBe(1));
	first();
	second();
	await vi.waitFor(() => expect(core.platform.subscribers('a')).toBe(0));
});

it.each(tcp)('$name: survives a restart of the server, and tells it what it saw', async (transport) => {
	const port = await freePort();
	const first = await start(transport, {}, port);
	const url = address(first);
	const client = open(url);
	const heard = hear(client, 'a');
	await vi.waitFor(() => expect(first.platform.subscribers('a')).toBe(1));
	first.platform.publish('a', 'x', 'before');
	await vi.waitFor(() => expect(heard).toHaveLength(1));
	const downs: unknown[] = [];
	client.onDown((failure, terminal) => downs.push([failure?.kind === 'ws-close' && failure.code, terminal]));
	const { epoch } = first.platform;
	await first[Symbol.asyncDispose]();
	await vi.waitFor(() => expect(downs).toEqual([[1012, false]]));
	client.sendQueued('kept');

	const resumed: ResumeContext[] = [];
	const messages: unknown[] = [];
	const hooks: WebSocketHooks = {
		resume: (ws, context) => {
			resumed.push(context);
			context.platform.send(ws, 'a', 'x', 'missed');
		},
		message: (_ws, { data }) => void messages.push(new TextDecoder().decode(data))
	};
	const second = await start(transport, hooks, port);
	await vi.waitFor(() => expect(second.platform.subscribers('a')).toBe(1));
	second.platform.publish('a', 'x', 'after');
	await vi.waitFor(() => expect(heard.map(({ data }) => data)).toEqual(['before', 'missed', 'after']));
	expect(resumed.map(({ lastSeen }) => [...lastSeen])).toEqual([[['a', { epoch, seq: 1 }]]]);
	expect(messages).toEqual(['kept']);
});

it.each(tcp)('$name: gets what it missed into the same stores, and is told when that cannot be known', async (transport) => {
	const core = await start(transport, { message: (ws) => ws.close(1012, 'restart') });
	const keeping = core.platform.keep((topic) => topic === 'todos');
	const connection = connect({ url: address(core), reconnectInterval: 20 });
	onTestFinished(() => connection.close());
	const lists: (readonly { id: number }[])[] = [];
	crud<{ id: number }>('todos').subscribe((list) => lists.push(list));
	const lost: unknown[] = [];
	on('__replay:todos', 'truncated').subscribe((event) => event && lost.push(event));
	const cut = async (meanwhile: () => void): Promise<void> => {
		const gone = new Promise<void>((resolve) => {
			const stop = connection.onDown(() => (stop(), resolve()));
		});
		connection.send('cut');
		await gone;
		meanwhile();
		await connection.ready();
	};
	await vi.waitFor(() => expect(core.platform.subscribers('todos')).toBe(1));
	core.platform.topic('todos').created({ id: 1 });
	await vi.waitFor(() => expect(lists.at(-1)).toEqual([{ id: 1 }]));
	await cut(() => {
		core.platform.topic('todos').created({ id: 2 });
		core.platform.topic('todos').deleted({ id: 1 });
	});
	await vi.waitFor(() => expect(lists.at(-1)).toEqual([{ id: 2 }]));
	expect(lost).toEqual([]);
	await cut(() => void core.platform.stores.replay.forget('todos'));
	await vi.waitFor(() => expect(lost).toEqual([{ data: null }]));
	keeping[Symbol.dispose]();
});

it.each(['node', 'uws'] as const)('%s: asks before it connects, and answers what the server asks', async (transport) => {
	const seen: string[] = [];
	// Not on the first attempt, whose handshake is made twice, because the client repeats what was answered with 401.
	const allowed = (): boolean => seen.filter((what) => what === 'authenticate').length > 1;
	await using server = await createTestServer({
		transport,
		log: memoryLog(),
		handler: {
			authenticate: () => void seen.push('authenticate'),
			upgrade: () => (seen.push('upgrade'), allowed() ? {} : false),
			open: async (ws, { platform }) => void seen.push(await platform.request(ws, 'name', { polite: true }))
		}
	});
	const client = createClient({ url: server.wsUrl, auth: true, reconnectInterval: 20, log: memoryLog() });
	onTestFinished(() => client.close());
	answerRequests(client, (event, data) => `${event} ${data.polite}`);
	const failures: unknown[] = [];
	client.failure.subscribe((failure) => failures.push(failure));
	await vi.waitFor(() => expect(seen.at(-1)).toBe('name true'));
	expect(failures).toContainEqual(expect.objectContaining({ code: 1006 }));
	expect(seen[0]).toBe('authenticate');
	expect(seen.slice(-3)).toEqual(['authenticate', 'upgrade', 'name true']);
});

it.each(tcp)('$name: hears of a denial, and ends when it is thrown out', async (transport) => {
	const core = await start(transport, {
		subscribe: (_ws, topic) => topic !== 'secret',
		message: (ws) => ws.close(4401, 'signed out')
	});
	const client = open(address(core));
	client.subscribe('secret');
	await vi.waitFor(() => expect(valueOf(client.denials)).toMatchObject({ topic: 'secret', reason: 'FORBIDDEN' }));
	client.sendQueued('hi');
	await vi.waitFor(() => expect(valueOf(client.status)).toBe('failed'));
	expect(valueOf(client.failure)).toEqual({ kind: 'ws-close', class: 'TERMINAL', code: 4401, reason: 'signed out' });
	expect(core.platform.connections).toBe(0);
});

it.each(tcp)('$name: feeds the stores of a page', async (transport) => {
	const core = await start(transport);
	const connection = connect({ url: address(core) });
	onTestFinished(() => connection.close());
	const lists: (readonly { id: number }[])[] = [];
	const stop = crud<{ id: number }>('todos', [{ id: 1 }]).subscribe((list) => lists.push(list));
	const events: unknown[] = [];
	createTopicStores(connection)('todos', 'deleted').subscribe((event) => events.push(event));
	await vi.waitFor(() => expect(core.platform.subscribers('todos')).toBe(1));
	core.platform.topic('todos').created({ id: 2 });
	core.platform.topic('todos').created({ id: 3 });
	core.platform.topic('todos').deleted({ id: 1 });
	await vi.waitFor(() => expect(lists.at(-1)).toEqual([{ id: 2 }, { id: 3 }]));
	expect(events).toEqual([null, { data: { id: 1 } }]);
	stop();
});

/** A server of the published kind: no capabilities, no batches, no `pong`. */
async function published(): Promise<{ readonly url: string; readonly sockets: ServerSocket[]; readonly frames: unknown[] }> {
	const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
	const sockets: ServerSocket[] = [];
	const frames: unknown[] = [];
	server.on('connection', (socket) => {
		sockets.push(socket);
		socket.send('{"type":"welcome","sessionId":"old-server"}');
		socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())));
	});
	onTestFinished(() => {
		for (const socket of sockets) socket.terminate();
		server.close();
	});
	await new Promise((resolve) => server.once('listening', resolve));
	return { url: `ws://127.0.0.1:${(server.address() as { port: number }).port}/ws`, sockets, frames };
}

it('speaks with a server that knows none of the additions', async () => {
	const { url, sockets, frames } = await published();
	const client = open(url);
	const heard = hear(client, 'a');
	await vi.waitFor(() =>
		expect(frames).toEqual([
			{ type: 'hello', caps: ['batch', 'epoch'] },
			{ type: 'subscribe', topic: 'a', ref: expect.any(Number) }
		])
	);
	sockets[0]!.send('{"topic":"a","event":"x","data":1,"seq":5}');
	sockets[0]!.send('{"type":"batch","events":[{"topic":"a","event":"x","data":2},{"topic":"b","event":"x"}]}');
	await vi.waitFor(() => expect(heard.map(({ data }) => data)).toEqual([1, 2]));
	sockets[0]!.close(1012, 'reload');
	await vi.waitFor(
		() =>
			expect(frames.slice(2)).toEqual([
				{ type: 'hello', caps: ['batch', 'epoch'] },
				{ type: 'resume', sessionId: 'old-server', lastSeenSeqs: { a: 5 } },
				{ type: 'subscribe', topic: 'a', ref: expect.any(Number) }
			]),
		5000
	);
});

it('leaves again when such a server finishes a subscribe too late', async () => {
	const { url, sockets, frames } = await published();
	const client = open(url);
	const release = client.subscribe('a');
	await vi.waitFor(() => expect(frames).toHaveLength(2));
	release();
	await vi.waitFor(() => expect(frames).toHaveLength(3));
	sockets[0]!.send('{"type":"subscribed","topic":"a","ref":1}');
	await vi.waitFor(() =>
		expect(frames.slice(2)).toEqual([
			{ type: 'unsubscribe', topic: 'a' },
			{ type: 'unsubscribe', topic: 'a' }
		])
	);
});

it.each([
	['a page', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nlogin'],
	['a redirect', 'HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n'],
	['a refusal', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'],
	[
		'a wrong handshake',
		'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm8=\r\n\r\n'
	],
	['nothing but the end', '']
])('tries on behind a middlebox that answers %s, says so, and connects once that is healed', async (_what, answer) => {
	const http = createServer();
	const sockets = new WebSocketServer({ noServer: true });
	let healed = false;
	http.on('upgrade', (request, socket, head) => {
		if (healed) sockets.handleUpgrade(request, socket, head, (ws) => ws.send('{"type":"welcome","sessionId":"s"}'));
		else socket.end(answer);
	});
	http.listen(0, '127.0.0.1');
	await once(http, 'listening');
	onTestFinished(() => {
		for (const socket of sockets.clients) socket.terminate();
		http.close();
	});
	const client = open(`ws://127.0.0.1:${(http.address() as { port: number }).port}/ws`);
	await vi.waitFor(() => expect(valueOf(client.failure)).toMatchObject({ kind: 'ws-close', class: 'RETRY', code: 1006 }));
	healed = true;
	await client.ready();
	expect(valueOf(client.failure)).toBeNull();
});
