import { connect as connectWire, overWebSocket, type WireClient } from 'conformance/wire/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Context } from '../../src/define/context.ts';
import type { Definition } from '../../src/define/definition.ts';
import { live } from '../../src/define/live.ts';
import { enableSignals } from '../../src/push-hooks.ts';
import { LiveError } from '../../src/shared/error.ts';
import { createLiveServer, TRANSPORTS } from '../live-server.ts';

type LiveServer = Awaited<ReturnType<typeof createLiveServer>>;

/** A server of these definitions, and a client that reads frames as they come. */
async function start(
	transport: (typeof TRANSPORTS)[number],
	definitions: Readonly<Record<string, Definition>>
): Promise<{ readonly server: LiveServer; readonly client: WireClient }> {
	const server = await createLiveServer(definitions, { transport });
	onTestFinished(() => server[Symbol.asyncDispose]());
	const client = await connectWire({ open: overWebSocket(server.server.wsUrl), origin: server.server.url }, '?user=u2');
	return { server, client };
}

const rows = [{ id: 7 }];
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

// The examples of the wire protocol for calls, streams and uploads. A frame that a client sends stands as it is in the protocol.
describe.each(TRANSPORTS)('examples: %s', (transport) => {
	it('signal: an event on the topic of one user', async () => {
		const opened: Context[] = [];
		const { server, client } = await start(transport, {
			'm/hello': live((ctx) => (enableSignals(ctx.ws!), void opened.push(ctx)))
		});
		client.say('{"rpc":"m/hello","id":"1"}');
		await client.next();
		opened[0]!.sendSignal('u2', 'ring', { from: 'u1' });
		expect(JSON.parse(String(await client.nextRaw()))).toMatchObject({
			topic: '__signal:u2',
			event: 'ring',
			data: { from: 'u1' }
		});
		expect(server.errors).toEqual([]);
	});

	it('stream: unchanged since a version', async () => {
		const { client } = await start(transport, {
			'todos/list': live.stream('todos', () => rows, { delta: { version: () => 'v9', diff: () => [] } })
		});
		client.say('{"rpc":"todos/list","id":"s1","args":[],"stream":true,"version":"v9"}');
		expect((await client.next()).data).toEqual({
			id: 's1',
			ok: true,
			data: [],
			topic: 'todos',
			merge: 'crud',
			key: 'id',
			unchanged: true,
			version: 'v9'
		});
	});

	it('stream: what was missed of a history', async () => {
		const { server, client } = await start(transport, { 'todos/list': live.stream('todos', () => rows, { replay: true }) });
		server.platform.publish('todos', 'created', { id: 6 });
		server.platform.publish('todos', 'created', { id: 7 });
		await expect.poll(async () => (await server.platform.stores.replay.current('todos')).seq).toBe(2);
		const { epoch } = await server.platform.stores.replay.current('todos');
		client.say({ rpc: 'todos/list', id: 's2', args: [], stream: true, seq: 1, ep: epoch });
		expect((await client.next()).data).toMatchObject({
			id: 's2',
			ok: true,
			data: [{ seq: 2, topic: 'todos', event: 'created', data: { id: 7 } }],
			topic: 'todos',
			merge: 'crud',
			key: 'id',
			seq: 2,
			replay: true
		});
	});

	it('stream: more pages, and the frame that loads one', async () => {
		const asked: unknown[] = [];
		const { client } = await start(transport, {
			'todos/list': live.stream(
				(_ctx: Context, _list: string) => 'todos',
				(ctx, list) => (asked.push([list, ctx.cursor]), { data: [{ id: 8 }, { id: 9 }], hasMore: true, cursor: 'c2' })
			)
		});
		client.say('{"rpc":"todos/list","id":"s3","args":["room1"],"stream":true}');
		expect((await client.next()).data).toEqual({
			id: 's3',
			ok: true,
			data: [{ id: 8 }, { id: 9 }],
			topic: 'todos',
			merge: 'crud',
			key: 'id',
			hasMore: true,
			cursor: 'c2'
		});
		client.say('{"rpc":"todos/list","id":"s7","args":["room1"],"stream":true,"cursor":"c2"}');
		expect((await client.next()).data).toEqual({
			id: 's7',
			ok: true,
			data: [{ id: 8 }, { id: 9 }],
			hasMore: true,
			cursor: 'c2'
		});
		expect(asked).toEqual([
			['room1', null],
			['room1', 'c2']
		]);
	});

	it('stream: a channel', async () => {
		const { client } = await start(transport, { 'price/eur': live.channel('price:eur') });
		client.say('{"rpc":"price/eur","id":"s4","args":[],"stream":true}');
		expect((await client.next()).data).toEqual({
			id: 's4',
			ok: true,
			data: null,
			topic: 'price:eur',
			merge: 'set',
			channel: true
		});
	});

	it('stream: a closed gate', async () => {
		const { client } = await start(transport, {
			'm/s': live.gate(
				() => false,
				live.stream('t', () => rows)
			)
		});
		client.say('{"rpc":"m/s","id":"s5","args":[],"stream":true}');
		expect((await client.next()).data).toEqual({ id: 's5', ok: true, data: null, gated: true });
	});

	it('stream: a refusal', async () => {
		const { client } = await start(transport, {
			'm/s': live.stream('t', () => Promise.reject(new LiveError('OVERLOADED', 'try later')))
		});
		client.say('{"rpc":"m/s","id":"s6","args":[],"stream":true}');
		expect((await client.next()).data).toEqual({ id: 's6', ok: false, code: 'OVERLOADED', error: 'try later' });
	});

	it('stream: several opened by one frame', async () => {
		const { client } = await start(transport, {
			'todos/list': live.stream('todos', () => rows),
			'chat/feed': live.stream(
				(_ctx: Context, room: string) => `chat:${room}`,
				() => []
			)
		});
		client.say(
			'{"batch":[{"rpc":"todos/list","id":"s8","args":[],"stream":true},{"rpc":"chat/feed","id":"s9","args":["r1"],"stream":true,"seq":41}]}'
		);
		expect((await client.next()).data.batch).toEqual([
			{ id: 's8', ok: true, data: rows, topic: 'todos', merge: 'crud', key: 'id' },
			{ id: 's9', ok: true, data: [], topic: 'chat:r1', merge: 'crud', key: 'id', replay: false }
		]);
	});

	it('events: plain, and as one frame', async () => {
		const { server, client } = await start(transport, { 'todos/list': live.stream('todos', () => rows) });
		client.say('{"rpc":"todos/list","id":"s","args":[],"stream":true}');
		await client.next();
		server.platform.publish('todos', 'updated', { id: 7, text: 'tea' });
		expect(await client.nextRaw()).toBe('{"topic":"todos","event":"updated","data":{"id":7,"text":"tea"},"seq":1}');
		client.say('{"type":"hello","caps":["batch"]}');
		await client.heard();
		server.platform.publish('todos', 'deleted', { id: 7 });
		server.platform.publish('todos', 'created', { id: 10 });
		expect(await client.nextRaw()).toBe(
			'{"type":"batch","events":[{"topic":"todos","event":"deleted","data":{"id":7},"seq":2},{"topic":"todos","event":"created","data":{"id":10},"seq":3}]}'
		);
	});

	it('call: too many requests, and a typed error', async () => {
		const { client } = await start(transport, {
			'm/slow': live.rateLimit({ points: 1, window: 60_000 }, () => 1),
			'm/buy': live(() => {
				throw new LiveError('OUT_OF_STOCK', 'sold out');
			})
		});
		client.say('{"rpc":"m/slow","id":"k4"}');
		await client.next();
		client.say('{"rpc":"m/slow","id":"k5"}');
		expect(await client.next()).toEqual({
			topic: '__rpc',
			event: 'k5',
			data: { id: 'k5', ok: false, code: 'RATE_LIMITED', error: 'Too many requests', retryAfter: expect.any(Number) }
		});
		client.say('{"rpc":"m/buy","id":"k6"}');
		expect(await client.nextRaw()).toBe(
			'{"topic":"__rpc","event":"k6","data":{"id":"k6","ok":false,"code":"OUT_OF_STOCK","error":"sold out"}}'
		);
	});

	it('bytes: a call', async () => {
		const { client } = await start(transport, { 'f/put': live.binary((_ctx, data) => [...new Uint8Array(data)]) });
		client.say(hex('00 00 19 7b 22 72 70 63 22 3a 22 66 2f 70 75 74 22 2c 22 69 64 22 3a 22 6b 39 22 7d de ad'));
		expect(await client.nextRaw()).toBe('{"topic":"__rpc","event":"k9","data":{"id":"k9","ok":true,"data":[222,173]}}');
	});

	const first = hex('01 01 00 00 00 2a 00 00 00 00 00 0f 7b 22 72 70 63 22 3a 22 6d 2f 70 75 74 22 7d 41 42');
	const put = live.upload(async (ctx) => {
		let text = '';
		for await (const part of ctx.stream) text += Buffer.from(part).toString();
		return text;
	});

	it('bytes: an upload of two parts', async () => {
		const { client } = await start(transport, { 'm/put': put });
		client.say(first, hex('01 02 00 00 00 2a 00 00 00 01 43'));
		expect(await client.next()).toEqual({
			topic: '__upload',
			event: '0000002a',
			data: { ok: true, data: 'ABC', __cap: client.welcome!.maxPayloadLength }
		});
	});

	it('bytes: a cancelled upload', async () => {
		const { client } = await start(transport, { 'm/put': put });
		client.say(first, hex('02 10 00 00 00 2a'));
		expect(await client.next()).toMatchObject({ topic: '__upload', event: '0000002a', data: { ok: false, code: 'CANCELLED' } });
	});
});
