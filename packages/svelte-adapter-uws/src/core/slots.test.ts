import { expect, it } from 'vitest';
import { startCore } from '../../test/support/core.ts';
import type { Connection } from '../contract/connection.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import * as slots from './slots.ts';

async function connected(hooks: WebSocketHooks = {}) {
	let ws: Connection | undefined;
	const server = await startCore({
		...hooks,
		open(connection, context) {
			ws = connection;
			return hooks.open?.(connection, context);
		}
	});
	const client = await server.connect();
	return { ...server, client, ws: ws!, userData: ws!.getUserData() };
}

it('has the keys that libraries know', () => {
	expect({ ...slots }).toMatchObject({
		WS_SUBSCRIPTIONS: Symbol.for('adapter-uws.ws.subscriptions'),
		WS_COALESCED: Symbol.for('adapter-uws.ws.coalesced'),
		WS_SESSION_ID: Symbol.for('adapter-uws.ws.session-id'),
		WS_PENDING_REQUESTS: Symbol.for('adapter-uws.ws.pending-requests'),
		WS_STATS: Symbol.for('adapter-uws.ws.stats'),
		WS_PLATFORM: Symbol.for('adapter-uws.ws.platform'),
		WS_CAPS: Symbol.for('adapter-uws.ws.caps'),
		WS_REQUEST_ID_KEY: '__adapter_uws_request_id__'
	});
});

it('shows session, topics, platform and capabilities in the user data, from the open hook on', async () => {
	let atOpen: unknown;
	const { client, userData, ws } = await connected({
		open: (connection, { platform }) => {
			const { [slots.WS_SESSION_ID]: id, [slots.WS_PLATFORM]: own } = connection.getUserData();
			atOpen = [id, own === platform];
		}
	});
	expect(atOpen).toEqual([client.heard()[0].sessionId, true]);
	expect([userData[slots.WS_SUBSCRIPTIONS], userData[slots.WS_CAPS]]).toEqual([new Set(), new Set()]);
	client.say({ type: 'subscribe', topic: 'a' });
	client.say({ type: 'hello', caps: ['batch', 'epoch', 'unknown'] });
	ws.subscribe('b');
	expect([userData[slots.WS_SUBSCRIPTIONS], userData[slots.WS_CAPS]]).toEqual([new Set(['a', 'b']), new Set(['batch', 'epoch'])]);
	client.leave();
	expect(userData[slots.WS_SUBSCRIPTIONS]).toEqual(new Set());
});

it('shows what waits for room by its key, and nothing before there was any', async () => {
	const { client, platform, userData, ws } = await connected();
	platform.sendCoalesced(ws, { key: 'left', topic: 't', event: 'e', data: 0 });
	client.socket.congested = true;
	for (const n of [1, 2]) platform.sendCoalesced(ws, { key: 'pos', topic: 't', event: 'moved', data: n });
	expect(userData[slots.WS_COALESCED]).toEqual(new Map([['pos', { key: 'pos', topic: 't', event: 'moved', data: 2 }]]));
	expect((await connected()).userData[slots.WS_COALESCED]).toBeUndefined();
});

it('shows the requests that wait for a reply, and nothing before there was one', async () => {
	const { client, platform, userData, ws } = await connected();
	expect(userData[slots.WS_PENDING_REQUESTS]).toBeUndefined();
	const asked = platform.request(ws, 'name?');
	expect([...userData[slots.WS_PENDING_REQUESTS].keys()]).toEqual([1]);
	client.say({ type: 'reply', ref: 1, data: 'ann' });
	expect([await asked, userData[slots.WS_PENDING_REQUESTS].size]).toEqual(['ann', 0]);
});

it('counts only where a close hook wants to know', async () => {
	const { client, userData } = await connected({ close: () => {} });
	client.say('hé');
	expect(userData[slots.WS_STATS]).toMatchObject({ messagesIn: 1, bytesIn: 3, messagesOut: 1 });
	expect((await connected()).userData[slots.WS_STATS]).toBeUndefined();
});

it('leaves the user data as it is for everybody who copies it', async () => {
	const { userData } = await connected({ upgrade: () => ({ id: 1, [slots.WS_REQUEST_ID_KEY]: 'r1' }) });
	expect({ ...userData }).toStrictEqual({ id: 1, remoteAddress: '127.0.0.1' });
	expect(JSON.stringify(userData)).toBe('{"id":1,"remoteAddress":"127.0.0.1"}');
	expect(structuredClone(userData)).toEqual({ id: 1, remoteAddress: '127.0.0.1' });
});

it('takes user data that is frozen, and such that several connections share', async () => {
	const frozen = await connected({ upgrade: () => Object.freeze({ id: 1, remoteAddress: 'x' }) });
	expect(frozen.userData[slots.WS_SESSION_ID]).toBe(frozen.ws.id);
	const shared = { remoteAddress: 'x' };
	const server = await startCore({ upgrade: () => shared });
	await server.connect();
	const second = await server.connect();
	expect((shared as Record<symbol, unknown>)[slots.WS_SESSION_ID]).toBe(second.heard()[0].sessionId);
});

it('closes a connection whose user data refuses them, and no other', async () => {
	const refusing = new Proxy(
		{},
		{ defineProperty: (target, name, to) => typeof name === 'string' && Reflect.defineProperty(target, name, to) }
	);
	const server = await startCore({ upgrade: ({ headers }) => (headers['user'] === 'bad' ? refusing : {}) });
	const good = await server.join();
	const bad = await server.join({ user: 'bad' });
	expect([bad.socket.closed, good.socket.closed]).toEqual([[1011, 'open failed'], undefined]);
	expect(server.log.lines[0]![1]).toContain('The open hook failed');
});

it('shows the connection of the copy of the package that came last', async () => {
	const shared = { remoteAddress: 'x' };
	Object.defineProperty(shared, slots.WS_SESSION_ID, { get: () => 'of the other copy', configurable: true });
	const { ws } = await connected({ upgrade: () => shared });
	expect((shared as Record<symbol, unknown>)[slots.WS_SESSION_ID]).toBe(ws.id);
});
