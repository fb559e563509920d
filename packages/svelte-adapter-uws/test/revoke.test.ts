import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createTestServer, type TestServer } from '../src/host/testing.ts';
import { upgradeResponse } from '../src/upgrade-response.ts';

interface Client {
	readonly frames: string[];
	readonly closed: Promise<readonly [code: number, reason: string]>;
	readonly ws: WebSocket;
}

describe.each(['node', 'uws'] as const)('on %s', (transport) => {
	const open = async (server: TestServer, user: string): Promise<Client> => {
		const ws = new WebSocket(server.wsUrl, { headers: { user } });
		const frames: string[] = [];
		ws.on('message', (data: Buffer) => void frames.push(data.toString()));
		const closed = new Promise<readonly [number, string]>((resolve) =>
			ws.once('close', (code, reason) => resolve([code, reason.toString()]))
		);
		await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
		return { frames, closed, ws };
	};
	const join = async (server: TestServer, user: string): Promise<Client> => {
		const client = await open(server, user);
		client.ws.send('{"type":"subscribe","topic":"news","ref":1}');
		await vi.waitFor(() => expect(client.frames.at(-1)).toContain('subscribed'));
		return client;
	};

	it('a revoked client hears its end and nothing after it', async () => {
		await using server = await createTestServer({
			transport,
			handler: { upgrade: ({ headers }) => ({ user: headers['user'] }) }
		});
		const mallory = await join(server, 'mallory');
		const alice = await join(server, 'alice');
		// With bytes of its own under way, so that both engines have a buffer to think of.
		for (let i = 0; i < 100; i++) mallory.ws.send(`{"type":"subscribe","topic":"t${i}","ref":${i}}`);
		const revoked = server.platform.revoke({ user: 'mallory' });
		server.platform.publish('news', 'created', 'secret');
		expect(await revoked).toBe(1);
		expect(await mallory.closed).toEqual([4401, 'Session revoked']);
		await vi.waitFor(() => expect(alice.frames.at(-1)).toContain('secret'));
		expect(mallory.frames.join('')).not.toContain('secret');
		expect(server.platform.connections).toBe(1);
		alice.ws.terminate();
	});

	it('a connection ends when its session does', async () => {
		await using server = await createTestServer({
			transport,
			handler: { upgrade: () => upgradeResponse({}, {}, { expiresAt: Date.now() + 300 }) }
		});
		const client = await open(server, 'alice');
		expect(await client.closed).toEqual([4401, 'Session expired']);
		expect(server.platform.connections).toBe(0);
	});
});
