import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { memoryLog } from '../../test/support/log.ts';
import { startClient, valueOf } from '../../test/support/browser.ts';
import type { Client, Status } from '../contract/client.ts';
import { connect, createClient } from './connect.ts';
import type { ConnectOptions } from './client.ts';

interface Server {
	readonly url: string;
	/** What came, in order: preflights as method and path, handshakes as `upgrade`. */
	readonly seen: string[];
	readonly requests: IncomingMessage[];
	answer: (response: ServerResponse) => void;
}

async function start(): Promise<Server> {
	const http = createServer((request, response) => {
		server.requests.push(request);
		server.seen.push(`${request.method} ${request.url}`);
		server.answer(response);
	});
	const sockets = new WebSocketServer({ noServer: true });
	http.on('upgrade', (request, socket, head) => {
		server.seen.push('upgrade');
		sockets.handleUpgrade(request, socket, head, () => {});
	});
	http.listen(0, '127.0.0.1');
	await once(http, 'listening');
	onTestFinished(() => {
		for (const socket of sockets.clients) socket.terminate();
		http.closeAllConnections();
		http.close();
	});
	const server: Server = {
		url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws?room=1`,
		seen: [],
		requests: [],
		answer: (response) => response.writeHead(204).end()
	};
	return server;
}

function open(options: ConnectOptions): { readonly client: Client; readonly seen: Status[] } {
	const client = createClient({ reconnectInterval: 20, maxReconnectInterval: 100, log: memoryLog(), ...options });
	onTestFinished(() => client.close());
	const seen: Status[] = [];
	client.status.subscribe((status) => seen.push(status));
	return { client, seen };
}

it('asks before each attempt, with the header that a browser sends to other origins only when they allow it', async () => {
	const server = await start();
	const { client } = open({ url: server.url, auth: true });
	await client.ready();
	expect(server.seen).toEqual(['POST /__ws/auth', 'upgrade']);
	expect(server.requests[0]!.headers['x-requested-with']).toBe('XMLHttpRequest');
});

it('asks at the path that was given, and asks nothing unless it is told to', async () => {
	const server = await start();
	await open({ url: server.url, auth: '/login?ws=1' }).client.ready();
	await open({ url: server.url }).client.ready();
	expect(server.seen).toEqual(['POST /login?ws=1', 'upgrade', 'upgrade']);
});

it.each([400, 401, 403, 404])('ends for good when the answer is %i', async (status) => {
	const server = await start();
	server.answer = (response) => response.writeHead(status, 'Sign in').end('no');
	const { client } = open({ url: server.url, auth: true });
	await expect(client.ready()).rejects.toThrow('Sign in');
	expect(valueOf(client.status)).toBe('failed');
	expect(valueOf(client.failure)).toEqual({ kind: 'auth-preflight', class: 'AUTH', status, reason: 'Sign in' });
	expect(server.seen).toEqual(['POST /__ws/auth']);
});

it.each([429, 500, 503])('tries again after %i, and connects once the answer is yes', async (status) => {
	const server = await start();
	server.answer = (response) => response.writeHead(status).end();
	const { client, seen } = open({ url: server.url, auth: true });
	await vi.waitFor(() => expect(valueOf(client.failure)).toMatchObject({ kind: 'auth-preflight', class: 'AUTH', status }));
	expect(valueOf(client.status)).not.toBe('failed');
	server.answer = (response) => response.writeHead(204).end();
	await client.ready();
	expect(valueOf(client.failure)).toBeNull();
	expect(seen.slice(0, 3)).toEqual(['connecting', 'disconnected', 'connecting']);
	expect(seen.at(-1)).toBe('open');
});

it('tries again when nobody answers, until the attempts are used up', async () => {
	const { client } = open({ url: 'ws://127.0.0.1:1/ws', auth: true, maxReconnectAttempts: 1 });
	await expect(client.ready()).rejects.toThrow();
	expect(valueOf(client.failure)).toMatchObject({ kind: 'auth-preflight', class: 'AUTH', status: 0 });
});

it('gives up a preflight that hangs, together with the connection', async () => {
	const server = await start();
	server.answer = () => {};
	const { client } = open({ url: server.url, auth: true });
	await vi.waitFor(() => expect(server.requests).toHaveLength(1));
	const gone = new Promise((resolve) => server.requests[0]!.socket.once('close', resolve));
	client.close();
	await gone;
	expect(valueOf(client.failure)).toBeNull();
	expect(server.seen).toEqual(['POST /__ws/auth']);
});

it('counts an address that no socket can be made for as a failed attempt', async () => {
	const server = await start();
	const { browser, client } = startClient({ url: server.url, auth: true });
	browser.refusal = new SyntaxError('bad address');
	await vi.waitFor(() => expect(valueOf(client.failure)).toMatchObject({ class: 'RETRY', reason: 'SyntaxError: bad address' }));
	client.close();
});

it('serves the connection of a page as well', async () => {
	const server = await start();
	const connection = connect({ url: server.url, auth: true });
	onTestFinished(() => connection.close());
	await connection.ready();
	expect(connection.send({ hello: 1 })).toBe(true);
	expect(connection.bufferedAmount).toBeGreaterThan(0);
	expect(server.seen).toEqual(['POST /__ws/auth', 'upgrade']);
});
