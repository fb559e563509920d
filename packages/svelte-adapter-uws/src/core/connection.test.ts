import { expect, it } from 'vitest';
import { startCore } from '../../test/support/core.ts';
import type { Connection } from '../contract/connection.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';

async function connected(hooks: WebSocketHooks = {}) {
	let ws: Connection | undefined;
	const server = await startCore({ ...hooks, open: (connection) => void (ws = connection) });
	const client = await server.join();
	return { ...server, client, ws: ws! };
}

it('joins and leaves topics without asking a hook', async () => {
	let asked = 0;
	const { ws, platform, client } = await connected({ subscribe: () => void asked++ });
	expect(ws.subscribe('__inside')).toBe(true);
	expect(ws.subscribe('__inside')).toBe(true);
	expect([ws.isSubscribed('__inside'), ws.getTopics(), platform.subscribers('__inside')]).toEqual([true, ['__inside'], 1]);
	platform.publish('__inside', 'e');
	expect(client.heard()).toHaveLength(1);
	expect([ws.unsubscribe('__inside'), ws.unsubscribe('__inside')]).toEqual([true, false]);
	expect([ws.isSubscribed('__inside'), ws.getTopics(), platform.subscribers('__inside'), asked]).toEqual([false, [], 0, 0]);
});

it('does not join a topic that nothing can be published to', async () => {
	const { ws, client } = await connected();
	for (const topic of ['\u0001orders', 'a"', 7 as unknown as string]) expect(ws.subscribe(topic)).toBe(false);
	expect(client.socket.topics.size).toBe(0);
});

it('hears exactly the second of two publishes of one turn when it joins between them', async () => {
	const { ws, client, platform } = await connected();
	platform.publish('t', 'e', 1);
	ws.subscribe('t');
	platform.publish('t', 'e', 2);
	expect(client.heard().map(({ data }) => data)).toEqual([2]);
});

it('hears exactly the first of two publishes of one turn when it leaves between them', async () => {
	const { ws, client, platform } = await connected();
	ws.subscribe('t');
	platform.publish('t', 'e', 1);
	ws.unsubscribe('t');
	platform.publish('t', 'e', 2);
	expect(client.heard().map(({ data }) => data)).toEqual([1]);
});

it('sends text as text and bytes as bytes, unless it is told the kind', async () => {
	const { ws, client } = await connected();
	ws.send('a');
	ws.send(new Uint8Array([1, 2]));
	ws.send(new Uint8Array([104, 105]).buffer);
	ws.send(new Uint8Array([104, 105]).buffer, false);
	ws.send('hi', true);
	ws.send(new Uint16Array([1]) as unknown as Uint8Array);
	const bytes = (...values: number[]) => new Uint8Array(values);
	expect(client.socket.frames.slice(1)).toEqual(['a', bytes(1, 2), bytes(104, 105), 'hi', bytes(104, 105), bytes(1, 0)]);
	expect(() => ws.send({} as string)).toThrow(/ws\.send: got object.*JSON\.stringify/);
});

it('tells what became of a frame', async () => {
	const { ws, client } = await connected();
	for (const [status, code] of [
		['sent', 1],
		['queued', 0],
		['dropped', 2]
	] as const) {
		client.socket.status = status;
		expect(ws.send('x')).toBe(code);
	}
});

it('closes with the code it is given, after what was published before', async () => {
	const { ws, client, platform } = await connected();
	ws.subscribe('t');
	platform.publish('t', 'last');
	ws.close(4401, 'signed out');
	expect(client.socket.closed).toEqual([4401, 'signed out']);
	expect(client.heard()).toMatchObject([{ event: 'last' }]);
});

it('closes with 1000 by default', async () => {
	const { ws, client } = await connected();
	ws.end();
	expect(client.socket.closed?.[0]).toBe(1000);
});

it('does nothing after close, without throwing', async () => {
	const { ws, client, platform } = await connected();
	ws.subscribe('t');
	const { length } = client.socket.frames;
	client.leave();
	expect([
		ws.send('x'),
		ws.subscribe('t'),
		ws.unsubscribe('t'),
		ws.isSubscribed('t'),
		ws.getTopics(),
		ws.getBufferedAmount()
	]).toEqual([2, false, false, false, [], 0]);
	expect(platform.send(ws, 't', 'e')).toBe(2);
	expect(platform.unsubscribe(ws, 't')).toBe(false);
	ws.cork(() => expect.unreachable());
	ws.close(4000);
	client.say('late');
	client.events.drain();
	expect(client.socket.frames).toHaveLength(length);
	expect(new TextDecoder().decode(ws.getRemoteAddressAsText())).toBe('127.0.0.1');
	expect(ws.getUserData()).toEqual({ remoteAddress: '127.0.0.1' });
});

it('handles no frame that comes after its own close', async () => {
	let heard = 0;
	const { ws, client } = await connected({ message: () => void heard++ });
	client.socket.onClose = () => {};
	ws.close(4000);
	client.say('late');
	expect([heard, ws.send('x'), ws.subscribe('t')]).toEqual([0, 2, false]);
});

it('aborts its signal when it has closed', async () => {
	const { ws, client } = await connected();
	const { signal } = ws;
	expect([signal.aborted, ws.signal]).toEqual([false, signal]);
	client.leave();
	expect(signal.aborted).toBe(true);
	const late = await connected();
	late.client.leave();
	expect(late.ws.signal.aborted).toBe(true);
});

it('calls who waits for its close once, before the hook, and nobody who comes later', async () => {
	const heard: string[] = [];
	const { ws, client } = await connected({ close: () => void heard.push('hook') });
	const listen = (name: string): boolean => ws.onClose((closed) => void heard.push(`${name} ${closed === ws}`));
	expect([listen('a'), listen('b')]).toEqual([true, true]);
	expect(heard).toEqual([]);
	client.leave();
	expect(heard).toEqual(['a true', 'b true', 'hook']);
	expect(listen('late')).toBe(false);
	expect(heard).toHaveLength(3);
});

it('calls all who wait for its close, and closes, though one of them throws', async () => {
	const heard: string[] = [];
	const { ws, client } = await connected({ close: () => void heard.push('hook') });
	ws.onClose(() => {
		throw new Error('broken');
	});
	ws.onClose(() => void heard.push('b'));
	client.leave();
	expect(heard).toEqual(['b', 'hook']);
});

it('moves to other frames with a later hello, without losing or doubling an event', async () => {
	const { client, platform, ws } = await connected();
	ws.subscribe('t');
	const say = (caps: string[]) => client.say({ type: 'hello', caps });
	platform.publish('t', 'e', 1);
	say(['batch', 'epoch']);
	platform.publish('t', 'e', 2);
	platform.publish('t', 'e', 3);
	say([]);
	platform.publish('t', 'e', 4);
	const ep = platform.epoch;
	const event = (data: number, more = {}) => ({ topic: 't', event: 'e', data, seq: data, ...more });
	expect(client.heard()).toEqual([event(1), { type: 'batch', events: [event(2, { ep }), event(3, { ep })] }, event(4)]);
	expect(platform.subscribers('t')).toBe(1);
});

it('ignores capabilities after 32 changes, and keeps those it has', async () => {
	const { client, platform, telemetry, ws } = await connected();
	ws.subscribe('t');
	for (let i = 0; i < 33; i++) client.say({ type: 'hello', caps: i % 2 ? [] : ['epoch'] });
	expect(telemetry.names().filter((name) => name === 'limit.capabilityChanges')).toHaveLength(1);
	platform.publish('t', 'e');
	expect(client.heard()[0].ep).toBeUndefined();
});
