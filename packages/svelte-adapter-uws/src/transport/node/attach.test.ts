import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { exchange, request } from 'conformance/http/client';
import { LIMITS } from 'conformance/transport/fixture';
import { handshake } from 'conformance/transport/raw';
import { expect, it } from 'vitest';
import type { SocketHandler } from '../../contract/transport.ts';
import { attach } from './attach.ts';

const handler: SocketHandler = {
	upgrade: () => ({ accept: true, data: undefined }),
	open: () => ({ message() {}, drain() {}, closed() {} })
};
const sockets = { handler, options: LIMITS };

/** A server of somebody else, with a page of its own. */
async function foreign(): Promise<{ readonly server: Server; readonly port: number } & AsyncDisposable> {
	const server = createServer((_, response) => response.end('a page'));
	await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
	return {
		server,
		port: (server.address() as AddressInfo).port,
		[Symbol.asyncDispose]: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			})
	};
}

it('leaves the upgrades of other paths to other listeners', async () => {
	await using host = await foreign();
	host.server.on('upgrade', ({ url }: IncomingMessage, raw: Duplex) => {
		if (url === '/hot') raw.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nother');
	});
	await using _listener = attach(host.server, sockets);
	expect((await exchange(host.port, handshake({}, [], 'GET /hot'))).body.toString()).toBe('other');
	expect((await exchange(host.port, handshake())).status).toBe(101);
});

it('answers upgrades of other paths with a page when nobody else would answer them', async () => {
	await using host = await foreign();
	await using _listener = attach(host.server, sockets);
	expect((await exchange(host.port, handshake({}, [], 'GET /hot'))).body.toString()).toBe('a page');
});

it('leaves the server as it was', async () => {
	await using host = await foreign();
	const listener = attach(host.server, sockets);
	expect(listener.port).toBe(host.port);
	await listener[Symbol.asyncDispose]();
	await listener[Symbol.asyncDispose]();
	expect(host.server.listenerCount('upgrade')).toBe(0);
	expect((await exchange(host.port, request('GET /'))).body.toString()).toBe('a page');
	await using again = attach(host.server, sockets);
	expect((await exchange(host.port, handshake())).status).toBe(101);
	expect(again.port).toBe(host.port);
});

it('knows no port before the server listens', () => {
	const server = createServer();
	expect(attach(server, sockets).port).toBe(0);
});

it('refuses limits that are out of range and listens to nothing then', () => {
	const server = createServer();
	expect(() => attach(server, { handler, options: { ...LIMITS, idleTimeout: 5 } })).toThrow(RangeError);
	expect(server.listenerCount('upgrade')).toBe(0);
});
