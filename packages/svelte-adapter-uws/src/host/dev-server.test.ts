import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { memoryLog } from '../../test/support/log.ts';
import type { Connection } from '../contract/connection.ts';
import type { Platform } from '../contract/platform.ts';
import { createDevServer } from './dev-server.ts';
import { resolveWebSocketOptions } from './options.ts';
import { createTestServer } from './testing.ts';

const shown = (): Platform | undefined => (globalThis as { __uws_dev_platform?: Platform }).__uws_dev_platform;

async function start(requestTimeoutMs = 5_000) {
	const server = createServer();
	const sockets: Connection[] = [];
	const dev = createDevServer({
		server,
		websocket: resolveWebSocketOptions({ allowedOrigins: '*' }, () => {}),
		origins: { secure: false, allowedHosts: true, host: undefined },
		requestTimeoutMs,
		load: async () => ({ upgrade: () => ({}), open: (ws: Connection) => void sockets.push(ws) }),
		log: memoryLog()
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	onTestFinished(async () => {
		await dev[Symbol.asyncDispose]();
		await new Promise((resolve) => server.close(resolve));
	});
	await vi.waitFor(() => expect(shown()).toBeDefined());
	const ws = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`);
	await new Promise((resolve, reject) => void ws.once('open', resolve).once('error', reject));
	await vi.waitFor(() => expect(sockets).toHaveLength(1));
	return { dev, platform: shown()!, ws: sockets[0]! };
}

/** The members of an object and of what it inherits from. */
function members(value: object): string[] {
	const names = new Set<string>();
	for (let one: object = value; one !== Object.prototype; one = Object.getPrototypeOf(one) as object)
		for (const name of Object.getOwnPropertyNames(one)) if (name !== 'constructor') names.add(name);
	return [...names].toSorted();
}

it('shows its platform to tools while it runs', async () => {
	const { dev, platform, ws } = await start();
	expect([platform.connections, platform.send(ws, 't', 'e')]).toEqual([1, 1]);
	await dev[Symbol.asyncDispose]();
	expect(shown()).toBeUndefined();
});

it('has every member of the platform in production, and no other', async () => {
	const { platform } = await start();
	await using production = await createTestServer({ transport: 'uws' });
	expect(members(platform)).toEqual(members(production.platform).filter((name) => name !== '__chaos'));
	expect(members(platform)).toEqual(
		expect.arrayContaining(['assertions', 'epoch', 'pressure', 'publish', 'requestId', 'sendTo', 'topic'])
	);
});

it('gives clients the time for a reply that it was told', async () => {
	const { platform, ws } = await start(20);
	await expect(platform.request(ws, 'anybody there?')).rejects.toThrow('request timed out');
});
