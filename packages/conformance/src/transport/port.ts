import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { HttpHandler, Listener, ListenOptions, SocketHandler } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { exchange, RawClient, request } from '../http/client.ts';
import { LIMITS, RefusedUpgrade, type Connect, type PortFixture, type PortLaw, type TcpPeer } from './fixture.ts';
import { handshake } from './raw.ts';
import { soon } from './server.ts';
import { overTcp } from './tcp.ts';

const ADDRESS = { host: '127.0.0.1', port: 0 } as const;

/** Says hello, echoes, and tells where the client is. */
const echo: SocketHandler = {
	upgrade: () => ({ accept: true, data: undefined }),
	open(socket) {
		socket.send(`hello ${socket.remoteAddress}`);
		return { message: (frame) => void socket.send(frame), drain() {}, closed() {} };
	}
};
const sockets = { handler: echo, options: LIMITS };

const page = Buffer.from('a page');
const http: HttpHandler = {
	bodyLimit: 1_000,
	plan: ({ path, query, peer }) => ({
		status: 200,
		headers: [
			['x-target', `${path}?${query}`],
			['x-peer', `${peer.address} ${peer.secure}`]
		],
		body: page,
		length: page.length
	}),
	respond: async () => ({ response: new Response('never') }),
	settled() {}
};

const over = (listener: Listener, host = '127.0.0.1'): Connect<TcpPeer> => overTcp(`ws://${host}:${listener.port}`);

/** Opens a connection and takes the greeting. */
async function greet(connect: Connect<TcpPeer>): Promise<{ readonly peer: TcpPeer; readonly frames: unknown[] }> {
	const peer = await connect('/ws', {});
	const frames: unknown[] = [];
	peer.onmessage = (frame) => void frames.push(frame);
	await soon(() => frames.length).toBe(1);
	return { peer, frames };
}

/** Listens on a port that was asked for by its number, outside the range that the system gives away itself. */
async function listenOnFixed({ listen }: PortFixture, options: Partial<ListenOptions> = {}): Promise<Listener> {
	for (let attempt = 0; ; attempt++) {
		try {
			return await listen({ ...ADDRESS, sockets, ...options, port: randomInt(20_000, 32_000) });
		} catch (error) {
			if (attempt === 50) throw error;
		}
	}
}

/** Why a listen failed. */
async function failure({ listen }: PortFixture, options: Partial<ListenOptions>): Promise<Error> {
	const error: unknown = await listen({ ...ADDRESS, sockets, ...options }).then(
		() => undefined,
		(reason: unknown) => reason
	);
	expect(error).toBeInstanceOf(Error);
	return error as Error;
}

export function portLaws(law: PortLaw): void {
	law('says which free port it found', async ({ listen }) => {
		const [a, b] = [await listen({ ...ADDRESS, sockets }), await listen({ ...ADDRESS, sockets })];
		expect(a.port).toBeGreaterThan(0);
		expect(b.port).not.toBe(a.port);
		await greet(over(a));
	});

	law('refuses a port that is taken, says which, and leaves the first listener alone', async (fixture) => {
		const first = await listenOnFixed(fixture);
		const { message } = await failure(fixture, { port: first.port });
		expect(message).toContain(`127.0.0.1:${first.port}`);
		expect(message).toContain('taken');
		expect(message).toContain('PORT');
		await greet(over(first));
	});

	law('refuses an address that is not this machine’s, and says which', async (fixture) => {
		expect((await failure(fixture, { host: '203.0.113.1', port: 4_000 })).message).toContain('203.0.113.1:4000');
	});

	law('shares its port with those who share it as well, and with nobody else', async (fixture) => {
		const first = await listenOnFixed(fixture, { sharePort: true });
		const second = await fixture.listen({ ...ADDRESS, port: first.port, sockets, sharePort: true });
		expect(second.port).toBe(first.port);
		await failure(fixture, { port: first.port });
		for (let n = 0; n < 10; n++) await greet(over(first));
		await first[Symbol.asyncDispose]();
		for (let n = 0; n < 10; n++) await greet(over(second));
	});

	law('frees its port when it stops accepting, while what is open stays open', async (fixture) => {
		const first = await listenOnFixed(fixture);
		const old = await greet(over(first));
		first.stopAccepting();
		const second = await fixture.listen({ ...ADDRESS, port: first.port, sockets });
		await greet(over(second));
		old.peer.send('still here');
		await soon(() => old.frames.at(-1)).toBe('still here');
		await first[Symbol.asyncDispose]();
		await greet(over(second));
	});

	law('answers on HTTP connections that were idle when it stopped accepting', async ({ listen }) => {
		const listener = await listen({ ...ADDRESS, sockets, http });
		const idle = await RawClient.open(listener.port);
		await idle.send(request('GET /'));
		await idle.response();
		listener.stopAccepting();
		await idle.send(request('GET /again'));
		expect((await idle.response()).header('x-target')).toBe('/again?');
	});

	law('frees its port when it is disposed, whoever is connected', async (fixture) => {
		const first = await listenOnFixed(fixture, { http });
		await greet(over(first));
		const idle = await RawClient.open(first.port);
		const half = await RawClient.open(first.port);
		await half.send('GET / HTTP/1.1\r\nHost: a');
		await idle.send(request('GET /'));
		await idle.response();
		await first[Symbol.asyncDispose]();
		await Promise.all([idle.closed(), half.closed()]);
		await greet(over(await fixture.listen({ ...ADDRESS, port: first.port, sockets })));
	});

	law('knows clients of every family by their shortest address', async ({ listen }) => {
		const listener = await listen({ host: '::', port: 0, sockets, http });
		expect((await greet(over(listener))).frames).toEqual(['hello 127.0.0.1']);
		expect((await greet(over(listener, '[::1]'))).frames).toEqual(['hello ::1']);
		expect((await exchange(listener.port, request('GET /'))).header('x-peer')).toBe('127.0.0.1 false');
	});

	law('answers every request with 426 when nobody serves pages', async ({ listen }) => {
		const { port } = await listen({ ...ADDRESS, sockets });
		for (const line of ['GET /', 'GET /ws', 'HEAD /', 'DELETE /x', 'OPTIONS /ws']) {
			const { status, header } = await exchange(port, request(line));
			expect([line, status, header('upgrade')]).toEqual([line, 426, 'websocket']);
		}
		expect((await exchange(port, request('POST /', ['Content-Length: 3'], 'abc'))).status).toBe(426);
		expect((await exchange(port, handshake({}, [], 'GET /other'))).status).toBe(426);
	});

	law('serves pages beside sockets, also to who asks for a socket elsewhere', async ({ listen }) => {
		const { port } = await listen({ ...ADDRESS, sockets, http });
		expect((await exchange(port, request('GET /a?b'))).header('x-target')).toBe('/a?b');
		expect((await exchange(port, request('GET /ws'))).header('x-target')).toBe('/ws?');
		const { status, body } = await exchange(port, handshake({}, [], 'GET /other'));
		expect([status, body.toString()]).toEqual([200, 'a page']);
		expect((await exchange(port, handshake())).status).toBe(101);
	});

	law('answers every upgrade with a page when it serves no sockets', async ({ listen }) => {
		const listener = await listen({ ...ADDRESS, http });
		const { status, body } = await exchange(listener.port, handshake());
		expect([status, body.toString()]).toEqual([200, 'a page']);
		await expect(over(listener)('/ws', {})).rejects.toBeInstanceOf(RefusedUpgrade);
		listener.publish('t', 'nobody');
		listener.stopAccepting();
	});

	law('speaks TLS on the same port for pages and sockets', async ({ listen, tls }) => {
		const listener = await listen({ ...ADDRESS, sockets, http, tls });
		const trust = { ca: readFileSync(tls.cert), perMessageDeflate: false };
		const { peer, frames } = await greet(overTcp(`wss://127.0.0.1:${listener.port}`, trust));
		expect(frames).toEqual(['hello 127.0.0.1']);
		const large = 'x'.repeat(500_000);
		peer.send(large);
		await soon(() => frames.at(-1) === large).toBe(true);
		const ends: unknown[] = [];
		peer.onclose = (...end) => void ends.push(end);
		peer.close(4001);
		await soon(() => ends).toEqual([[4001, '']]);
		await expect(over(listener)('/ws', {})).rejects.toThrow();
		await greet(overTcp(`wss://127.0.0.1:${listener.port}`, trust));
	});

	law('refuses a certificate that it cannot use, and says which', async (fixture) => {
		const { tls } = fixture;
		for (const wrong of [
			{ cert: '/nowhere/cert.pem', key: tls.key },
			{ cert: tls.cert, key: '/nowhere/key.pem' }
		]) {
			expect((await failure(fixture, { tls: wrong })).message).toContain('/nowhere/');
		}
		const { message } = await failure(fixture, { tls: { cert: tls.key, key: tls.key } });
		expect(message).toContain(tls.key);
		expect(message).toContain('PEM');
	});
}
