import fc from 'fast-check';
import { expect, it } from 'vitest';
import { settle, startCore } from '../../test/support/core.ts';
import type { Connection } from '../contract/connection.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import { LIMITS } from './limits.ts';

async function connected(hooks: WebSocketHooks = {}) {
	const server = await startCore(hooks);
	const client = await server.join();
	const ws = client.events as unknown as Connection;
	const put = (key: string, data: unknown): void =>
		server.platform.sendCoalesced(ws, { key, topic: 'prices', event: 'set', data });
	return { ...server, client, ws, put, datas: () => client.heard().map(({ data }): unknown => data) };
}

it('sends each value at once while there is room, after what was published before', async () => {
	const { put, client, ws, platform } = await connected();
	ws.subscribe('t');
	platform.publish('t', 'first', 0);
	put('a', 1);
	put('a', 2);
	expect(client.heard()).toEqual([
		{ topic: 't', event: 'first', data: 0, seq: 1 },
		{ topic: 'prices', event: 'set', data: 1 },
		{ topic: 'prices', event: 'set', data: 2 }
	]);
});

it('holds back while frames wait for room, keeps the last of each key at its place, and sends them before the drain hook', async () => {
	const { put, client, datas } = await connected({ drain: (ws) => void ws.send('{"data":"hook"}') });
	client.socket.congested = true;
	put('a', 1);
	put('b', 1);
	put('a', 2);
	expect(datas()).toEqual([]);
	client.socket.congested = false;
	client.events.drain();
	expect(datas()).toEqual([2, 1, 'hook']);
});

it('encodes a value when it leaves', async () => {
	const { put, client, datas } = await connected();
	const value = { n: 1 };
	client.socket.congested = true;
	put('a', value);
	value.n = 2;
	client.socket.congested = false;
	client.events.drain();
	expect(datas()).toEqual([{ n: 2 }]);
});

it.each([
	['queued', [1], [2, 3]],
	['dropped', [], [1, 2, 3]]
] as const)('stops at a frame that was %s until the socket drains', async (status, now, later) => {
	const { put, client, datas } = await connected();
	client.socket.congested = true;
	for (const n of [1, 2, 3]) put(`${n}`, n);
	client.socket.congested = false;
	client.socket.status = status;
	const send = client.socket.send.bind(client.socket);
	client.socket.send = (frame) => {
		const result = send(frame);
		client.socket.congested = true;
		return result;
	};
	client.events.drain();
	expect(datas()).toEqual(now);
	client.socket.send = send;
	client.socket.congested = false;
	client.socket.status = 'sent';
	client.events.drain();
	expect(datas()).toEqual(later);
});

it('keeps a value that was dropped although there was no sign of congestion', async () => {
	const { put, client, datas } = await connected();
	client.socket.status = 'dropped';
	put('a', 1);
	client.socket.status = 'sent';
	put('b', 2);
	expect(datas()).toEqual([1, 2]);
});

it('gives up the oldest value for a new key when too many wait', async () => {
	const { put, client, datas, telemetry } = await connected();
	client.socket.congested = true;
	for (let n = 0; n <= LIMITS.coalescedKeys; n++) put(`${n}`, n);
	put('1', 'new');
	client.socket.congested = false;
	client.events.drain();
	const heard = datas();
	expect(heard).toHaveLength(LIMITS.coalescedKeys);
	expect(heard.slice(0, 2)).toEqual(['new', 2]);
	expect(telemetry.names().filter((name) => name === 'limit.coalescedKeys')).toHaveLength(1);
});

it('throws for what cannot travel, and reports it when its turn comes later', async () => {
	const { put, client, datas, platform, ws, log } = await connected();
	expect(() => put('a', 1n)).toThrow(TypeError);
	expect(() => platform.sendCoalesced(ws, { key: 'a', topic: 'a"b', event: 'e' })).toThrow(TypeError);
	client.socket.congested = true;
	put('a', 1n);
	put('b', 2);
	client.socket.congested = false;
	client.events.drain();
	expect(datas()).toEqual([2]);
	expect(platform.assertions.get('hook.sendCoalesced')).toBe(1);
	expect(log.lines.at(-1)?.[1]).toContain('sendCoalesced failed');
});

it('does nothing on a closed connection, and forgets what waited', async () => {
	const { put, client, datas } = await connected();
	client.socket.congested = true;
	put('a', 1);
	client.leave();
	put('a', 2);
	client.events.drain();
	expect(datas()).toEqual([]);
});

// For all histories of room and no room, the last value that leaves of each key is the last that was put.
it('ends with the last value of each key', async () => {
	const step = fc.oneof(
		fc.record({ put: fc.constantFrom('a', 'b', 'c'), data: fc.nat(99) }),
		fc.record({ status: fc.constantFrom('sent', 'queued', 'dropped') })
	);
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
			const { put, client, datas } = await connected();
			const last = new Map<string, unknown>();
			for (const step of steps) {
				if ('put' in step) {
					const value = `${step.put}${step.data}`;
					last.set(step.put, value);
					put(step.put, value);
				} else {
					client.socket.status = step.status as 'sent';
					client.socket.congested = step.status !== 'sent';
					if (!client.socket.congested) client.events.drain();
				}
			}
			client.socket.status = 'sent';
			client.socket.congested = false;
			client.events.drain();
			await settle();
			const heard = datas() as string[];
			for (const [key, value] of last) expect(heard.findLast((data) => data.startsWith(key))).toBe(value);
		}),
		{ numRuns: 200 }
	);
});
