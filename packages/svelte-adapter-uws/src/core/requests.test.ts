import { expect, it } from 'vitest';
import { settle, startCore } from '../../test/support/core.ts';
import type { Connection } from '../contract/connection.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import type { RequestError, RequestOptions } from '../contract/platform.ts';
import { LIMITS } from './limits.ts';

async function connected(hooks: WebSocketHooks = {}) {
	const server = await startCore(hooks);
	const client = await server.join();
	const ws = client.events as unknown as Connection;
	const ask = (data?: unknown, options?: RequestOptions): Promise<unknown> =>
		server.platform.request(ws, 'confirm', data, options);
	return { ...server, client, ws, ask };
}

it('resolves with the reply, and rejects with its error', async () => {
	const { client, ask, clock } = await connected();
	const [yes, no] = [ask(1), ask(2)];
	expect(client.heard()).toEqual([
		{ type: 'request', ref: 1, event: 'confirm', data: 1 },
		{ type: 'request', ref: 2, event: 'confirm', data: 2 }
	]);
	client.say({ type: 'reply', ref: 2, error: '' });
	client.say({ type: 'reply', ref: 1 });
	expect(await yes).toBeUndefined();
	await expect(no).rejects.toMatchObject({ message: '', code: 'REFUSED' });
	expect(clock.pending).toBe(0);
});

it('goes out after what was published before it', async () => {
	const { client, ws, ask, platform } = await connected();
	ws.subscribe('t');
	platform.publish('t', 'first');
	void ask().catch(() => {});
	expect(client.heard().map(({ event }) => event)).toEqual(['first', 'confirm']);
});

it.each([undefined, 0, -1, NaN, Infinity])('gives a client 5 seconds when the timeout is %s', async (timeoutMs) => {
	const { ask, clock } = await connected();
	let outcome: unknown = 'waits';
	void ask(null, { timeoutMs: timeoutMs as number }).catch((error: unknown) => (outcome = error));
	clock.pass(4_999);
	await settle();
	expect(outcome).toBe('waits');
	clock.pass(1);
	await settle();
	expect(outcome).toMatchObject({ message: 'request timed out', code: 'TIMEOUT' });
});

it('rejects when the connection closes, before the close hook, and when it is closed already', async () => {
	const seen: string[] = [];
	const { client, ws, ask, platform, clock } = await connected({
		close: (closing) => void platform.request(closing, 'late').catch((error: RequestError) => seen.push(`hook ${error.code}`))
	});
	const asked = ask().catch((error: RequestError) => seen.push(error.message));
	client.leave();
	await asked;
	await expect(platform.request(ws, 'later')).rejects.toMatchObject({ message: 'connection closed', code: 'CLOSED' });
	expect(seen).toEqual(['connection closed', 'hook CLOSED']);
	expect(clock.pending).toBe(0);
});

it('rejects at once when the frame finds no room', async () => {
	const { client, ask, clock, platform, ws } = await connected();
	ws.subscribe('t');
	platform.publish('t', 'pending');
	client.socket.status = 'dropped';
	await expect(ask()).rejects.toMatchObject({ message: 'request not delivered', code: 'NOT_DELIVERED' });
	expect(clock.pending).toBe(0);
	client.socket.status = 'queued';
	const asked = ask();
	client.say({ type: 'reply', ref: 2, data: 'late but there' });
	expect(await asked).toBe('late but there');
});

it('rejects with the reason of the signal, sends nothing when that was aborted before, and lets go of it', async () => {
	const { client, ask, clock } = await connected();
	const controller = new AbortController();
	const asked = ask(null, { signal: controller.signal });
	expect(client.heard()).toHaveLength(1);
	controller.abort('enough');
	await expect(asked).rejects.toBe('enough');
	await expect(ask(null, { signal: controller.signal })).rejects.toBe('enough');
	client.say({ type: 'reply', ref: 1, data: 'ignored' });
	expect(client.heard()).toEqual([]);
	expect(clock.pending).toBe(0);
});

it('rejects what cannot travel, and connections of others', async () => {
	const { client, ask, platform, ws } = await connected();
	await expect(ask(1n)).rejects.toThrow(TypeError);
	await expect(platform.request(ws, 7 as unknown as string)).rejects.toThrow('event: got number');
	await expect(platform.request({} as Connection, 'e')).rejects.toThrow('Not a connection');
	expect(client.heard()).toEqual([]);
});

it('keeps a bounded number of requests waiting', async () => {
	const { client, ask, telemetry, clock } = await connected();
	const asked = Array.from({ length: LIMITS.pendingRequests }, () => ask());
	await expect(ask()).rejects.toMatchObject({ message: expect.stringContaining('pending requests exceeded'), code: 'LIMIT' });
	expect(telemetry.events).toContainEqual({ name: 'limit.pendingRequests' });
	client.say({ type: 'reply', ref: 1, data: 1 });
	const again = ask();
	client.leave();
	const outcomes = await Promise.allSettled([...asked, again]);
	expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
	expect(clock.pending).toBe(0);
});

it('takes the reply that a hook waits for', async () => {
	const { client, platform } = await connected({
		subscribe: (ws, _topic, { platform }) => platform.request<boolean>(ws, 'may I?')
	});
	client.say({ type: 'subscribe', topic: 't', ref: 1 });
	client.say({ type: 'subscribe', topic: 'u', ref: 2 });
	expect(client.heard()).toEqual([{ type: 'request', ref: 1, event: 'may I?', data: null }]);
	client.say({ type: 'reply', ref: 1, data: true });
	await settle();
	expect(client.heard()).toEqual([
		{ type: 'subscribed', topic: 't', ref: 1 },
		{ type: 'request', ref: 2, event: 'may I?', data: null }
	]);
	expect(platform.subscribers('t')).toBe(1);
});
