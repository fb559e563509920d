import { connect as connectWire, overWebSocket, type WireClient } from 'conformance/wire/client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { cursor as cursorStore } from '../../src/client/service/cursor.ts';
import { on } from '../../src/client/store/on.ts';
import type { Connection } from '../../src/contract/connection.ts';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import { createTestServer, type TestServer } from '../../src/host/testing.ts';
import { createCursor } from '../../src/plugins/cursor.ts';
import { createGroup } from '../../src/plugins/groups.ts';
import { createPresence } from '../../src/plugins/presence.ts';
import { createReplay } from '../../src/plugins/replay.ts';
import { memoryLog } from '../support/log.ts';
import { startPage, TRANSPORTS, watch } from '../support/plugin.ts';

interface Raw {
	readonly server: TestServer;
	/** A client whose user has this id, joined to a topic where one is given. */
	enter(id: string, topic?: string): Promise<WireClient>;
}

/** A server with these hooks, and clients that read frames as they come. */
async function start(transport: (typeof TRANSPORTS)[number], hooks: WebSocketHooks): Promise<Raw> {
	const server = await createTestServer({
		transport,
		log: memoryLog(),
		handler: { upgrade: ({ url }) => ({ id: new URL(url, 'http://localhost').searchParams.get('id') }), ...hooks }
	});
	onTestFinished(() => server.close());
	return {
		server,
		async enter(id, topic) {
			const client = await connectWire({ open: overWebSocket(server.wsUrl), origin: server.url }, `?id=${id}`);
			if (topic) client.say({ type: 'subscribe', topic });
			return client;
		}
	};
}

/** The next frame with this event and this in its text. */
async function frame(client: WireClient, event: string, part = ''): Promise<string> {
	for (;;) {
		const text = String(await client.nextRaw());
		if (text.includes(`"event":"${event}"`) && text.includes(part)) return text;
	}
}

// The examples of the wire protocol that plugins send and receive. `seq` may be there or not; these come to each client by itself.
describe.each(TRANSPORTS)('examples: %s', (transport) => {
	it('replay: msg, and an end that says that something is lost', async () => {
		const replay = createReplay({ size: 1 });
		const { server, enter } = await start(transport, replay.hooks);
		for (const id of ['m0', 'm1']) replay.publish(server.platform, 'chat', 'created', { id });
		const client = await enter('a');
		client.say('{"type":"replay","topic":"chat","since":0,"reqId":3}');
		expect(await frame(client, 'msg')).toBe(
			'{"topic":"__replay:chat","event":"msg","data":{"reqId":3,"seq":2,"event":"created","data":{"id":"m1"}}}'
		);
		expect(await client.nextRaw()).toBe('{"topic":"__replay:chat","event":"end","data":{"reqId":3,"truncated":true}}');
	});

	it('replay: denied', async () => {
		const replay = createReplay();
		const { enter } = await start(transport, { ...replay.hooks, subscribe: () => false });
		const client = await enter('a');
		client.say('{"type":"replay","topic":"chat","since":41,"reqId":3}');
		expect(await client.nextRaw()).toBe('{"topic":"__replay:chat","event":"denied","data":{"code":"FORBIDDEN","reqId":3}}');
	});

	it('presence: presence_state, presence_diff and heartbeat', async () => {
		const presence = createPresence({ heartbeat: 20 });
		const { enter } = await start(transport, presence.hooks);
		const first = await enter('u1', 'room');
		expect(await frame(first, 'presence_state')).toBe(
			'{"topic":"__presence:room","event":"presence_state","data":{"u1":{"id":"u1"}}}'
		);
		const second = await enter('u2', 'room');
		expect(await frame(first, 'presence_diff', 'u2')).toBe(
			'{"topic":"__presence:room","event":"presence_diff","data":{"joins":{"u2":{"id":"u2"}},"leaves":{}}}'
		);
		second.close();
		expect(await frame(first, 'presence_diff', 'u2')).toBe(
			'{"topic":"__presence:room","event":"presence_diff","data":{"joins":{},"leaves":{"u2":{"id":"u2"}}}}'
		);
		expect(await frame(first, 'heartbeat', '["u1"]')).toBe('{"topic":"__presence:room","event":"heartbeat","data":["u1"]}');
	});

	it('cursor: update and remove', async () => {
		const cursors = createCursor();
		const { enter } = await start(transport, cursors.hooks);
		const [watcher, mover] = [await enter('u1', 'board'), await enter('u2', 'board')];
		await frame(mover, 'snapshot');
		mover.say('{"type":"cursor","topic":"board","data":{"x":3,"y":9}}');
		const update = await frame(watcher, 'update');
		const { key } = JSON.parse(update).data as { key: string };
		expect(update).toBe(
			`{"topic":"__cursor:board","event":"update","data":{"key":"${key}","user":{"id":"u2"},"data":{"x":3,"y":9}}}`
		);
		mover.close();
		expect(await frame(watcher, 'remove')).toBe(`{"topic":"__cursor:board","event":"remove","data":{"key":"${key}"}}`);
	});

	it('cursor: bulk, at a page', async () => {
		let socket!: Connection;
		const { page } = await startPage(transport, { open: (ws) => void (socket = ws) });
		const seen = watch(cursorStore('board'));
		await vi.waitFor(() => expect(page.connected).toBe(true));
		socket.send('{"topic":"__cursor:board","event":"bulk","data":[{"key":"4","user":{"id":"u2"},"data":{"x":4,"y":9}}]}');
		await vi.waitFor(() =>
			expect([...(seen.last as Map<string, unknown>)]).toMatchObject([['4', { user: { id: 'u2' }, data: { x: 4, y: 9 } }]])
		);
	});

	it('group: members and join', async () => {
		const lobby = createGroup('lobby');
		const { enter } = await start(transport, {
			...lobby.hooks,
			open: (ws, { platform }) => void lobby.join(ws, platform, ws.getUserData().id === 'u1' ? 'admin' : 'viewer')
		});
		const first = await enter('u1');
		expect(await frame(first, 'members')).toBe('{"topic":"__group:lobby","event":"members","data":[{"role":"admin"}]}');
		const second = await enter('u2');
		expect(await frame(second, 'members')).toBe(
			'{"topic":"__group:lobby","event":"members","data":[{"role":"admin"},{"role":"viewer"}]}'
		);
		expect(await frame(first, 'join')).toBe('{"topic":"__group:lobby","event":"join","data":{"role":"viewer","count":2}}');
	});

	it('health: degraded, at a page', async () => {
		let socket!: Connection;
		await startPage(transport, { open: (ws) => void (socket = ws) });
		const seen = watch(on('__realtime', 'degraded'));
		socket.send('{"topic":"__realtime","event":"degraded","data":{"at":1790000000000},"seq":1}');
		await vi.waitFor(() => expect(seen.last).toEqual({ data: { at: 1_790_000_000_000 } }));
	});
});
