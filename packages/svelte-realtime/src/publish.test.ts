import { createTestServer } from 'svelte-adapter-uws/testing';
import { expect, it } from 'vitest';
import { detach, runtimeOf } from './attach.ts';
import { getPlatform, publish } from './publish.ts';

it('throws before a server has started, and after it has ended', async () => {
	await using server = await createTestServer({ transport: 'memory' });
	expect(getPlatform()).toBeNull();
	expect(() => publish('t', 'e')).toThrow('before the server has started');
	runtimeOf(server.platform);
	expect(getPlatform()).toBe(server.platform);
	detach(server.platform);
	expect(() => publish('t', 'e')).toThrow('before the server has started');
});

it('publishes to clients as a handler does', async () => {
	await using server = await createTestServer({
		transport: 'memory',
		handler: { init: ({ platform }) => void runtimeOf(platform), shutdown: ({ platform }) => detach(platform) }
	});
	const seen: unknown[] = [];
	server.platform.tap(({ topic, event, data, position }) => seen.push([topic, event, data, position?.seq]));
	publish('t', 'created', { id: 1 });
	publish('t', 'moved', undefined, { volatile: true });
	expect(seen).toEqual([
		['t', 'created', { id: 1 }, 1],
		['t', 'moved', undefined, undefined]
	]);
	expect(() => publish('__rpc', 'e')).toThrow(expect.objectContaining({ code: 'INVALID_TOPIC' }));
	expect(() => publish('t', 'e', 1n)).toThrow(TypeError);
});

it('reaches the newest of several servers', async () => {
	await using one = await createTestServer({ transport: 'memory' });
	await using two = await createTestServer({ transport: 'memory' });
	runtimeOf(one.platform);
	runtimeOf(two.platform);
	expect(getPlatform()).toBe(two.platform);
	detach(two.platform);
	expect(getPlatform()).toBe(one.platform);
	detach(one.platform);
});
