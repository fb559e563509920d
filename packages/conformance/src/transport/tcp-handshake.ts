import type { UpgradeDecision } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { exchange, RawClient, request } from '../http/client.ts';
import type { TcpLaw } from './fixture.ts';
import { handshake, openRaw } from './raw.ts';
import { ACCEPT, defer, soon, start } from './server.ts';

interface Malformed {
	readonly text: string;
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
}

/** Handshakes that nobody is asked about, with their answer. */
const MALFORMED: Readonly<Record<string, Malformed>> = {
	'another method': { text: handshake({}, [], 'POST /ws'), status: 405, headers: { allow: 'GET' } },
	'an older version': {
		text: handshake({ 'Sec-WebSocket-Version': '8' }),
		status: 426,
		headers: { 'sec-websocket-version': '13' }
	},
	'no version': { text: handshake({ 'Sec-WebSocket-Version': undefined }), status: 426 },
	'no key': { text: handshake({ 'Sec-WebSocket-Key': undefined }), status: 400 },
	'an empty key': { text: handshake({ 'Sec-WebSocket-Key': '' }), status: 400 },
	'a key that is too short': { text: handshake({ 'Sec-WebSocket-Key': 'c2hvcnQ=' }), status: 400 },
	'a key that is no base64': { text: handshake({ 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }), status: 400 },
	'two keys': { text: handshake({}, ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']), status: 400 },
	'a subprotocol offered twice': { text: handshake({ 'Sec-WebSocket-Protocol': 'a, a' }), status: 400 },
	'a subprotocol that is no token': { text: handshake({ 'Sec-WebSocket-Protocol': 'a b' }), status: 400 }
};

/** Requests that ask for something else than a WebSocket. */
const ORDINARY: Readonly<Record<string, string>> = {
	'offers another protocol': handshake({ Upgrade: 'h2c' }),
	'does not say that it wants to change': handshake({ Connection: 'keep-alive' }),
	'carries a key alone': handshake({ Upgrade: undefined, Connection: undefined }),
	'asks for nothing': request('GET /ws')
};

export function tcpHandshakeLaws(law: TcpLaw): void {
	for (const [what, { text, status, headers = {} }] of Object.entries(MALFORMED)) {
		law(`answers a handshake with ${what} with ${status}, closes, and asks nobody`, async (fixture) => {
			const server = await start(fixture);
			const client = await RawClient.open(server.listener.port);
			void client.send(text);
			const response = await client.response();
			expect(response.status).toBe(status);
			for (const [name, value] of Object.entries(headers)) expect(response.header(name)).toBe(value);
			expect(response.body.length).toBeGreaterThan(0);
			await client.closed();
			expect(client.pending).toBe(0);
			await server.beat();
			expect([server.requests, server.sides]).toEqual([[], []]);
		});
	}

	for (const [what, text] of Object.entries(ORDINARY)) {
		law(`takes a request that ${what} for an ordinary one`, async (fixture) => {
			const server = await start(fixture);
			const { status } = await exchange(server.listener.port, text);
			expect([404, 426]).toContain(status);
			expect(server.requests).toEqual([]);
		});
	}

	law('takes no path for its own that only resolves to it', async (fixture) => {
		const server = await start(fixture);
		for (const path of ['/./ws', '/a/../ws', '/ws/.', '/ws/..', '/ws;a']) {
			expect((await exchange(server.listener.port, handshake({}, [], `GET ${path}`))).status, path).not.toBe(101);
		}
		expect(server.requests).toEqual([]);
	});

	law('proves that it read the key, and agrees on nothing that was not offered', async (fixture) => {
		const server = await start(fixture, { options: { compression: true } });
		const response = await exchange(server.listener.port, handshake());
		expect(response.status).toBe(101);
		expect(response.header('sec-websocket-accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
		expect(response.header('upgrade')?.toLowerCase()).toBe('websocket');
		expect(response.header('connection')?.toLowerCase()).toBe('upgrade');
		expect(response.header('sec-websocket-extensions')).toBeUndefined();
		expect(response.header('sec-websocket-protocol')).toBeUndefined();
	});

	law('takes tokens in any case, among others', async (fixture) => {
		const server = await start(fixture);
		const { status } = await exchange(
			server.listener.port,
			handshake({ Connection: 'keep-alive, uPGRADE', Upgrade: 'WebSocket' })
		);
		expect(status).toBe(101);
	});

	for (const pace of ['at once', 'later'] as const) {
		law(`joins repeated headers as the protocol says, for a decision made ${pace}`, async (fixture) => {
			const server = await start(fixture, { upgrade: () => (pace === 'at once' ? ACCEPT : Promise.resolve(ACCEPT)) });
			await exchange(
				server.listener.port,
				handshake({}, [
					'Cookie: a=1',
					'cookie: b=2',
					'Origin: https://a.example',
					'Origin: https://b.example',
					'X-Forwarded-For: 1.1.1.1',
					'X-Forwarded-For: 2.2.2.2',
					'Host-Extra:  spaced  '
				])
			);
			const [{ header, headers }] = server.requests as [(typeof server.requests)[0]];
			const expected = {
				cookie: 'a=1; b=2',
				origin: 'https://a.example, https://b.example',
				'x-forwarded-for': '1.1.1.1, 2.2.2.2',
				'host-extra': 'spaced',
				host: 'a.example'
			};
			for (const [name, value] of Object.entries(expected)) expect([name, header(name)]).toEqual([name, value]);
			expect(headers).toMatchObject(expected);
		});

		law(`leaves the lines that make a handshake to the protocol, for a decision made ${pace}`, async (fixture) => {
			const headers = [
				['Connection', 'close'],
				['Upgrade', 'h2c'],
				['Sec-WebSocket-Accept', 'forged'],
				['Sec-WebSocket-Extensions', 'permessage-deflate'],
				['Content-Length', '3'],
				['Transfer-Encoding', 'chunked']
			] as const;
			let accept = true;
			const server = await start(fixture, {
				upgrade: () => {
					const decision: UpgradeDecision = accept
						? { accept, data: 0, headers }
						: { accept: false, status: 403, body: 'nobody', headers };
					return pace === 'at once' ? decision : Promise.resolve(decision);
				}
			});
			const accepted = await exchange(server.listener.port, handshake());
			expect(accepted.header('sec-websocket-accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
			expect(accepted.header('connection')?.toLowerCase()).toBe('upgrade');
			for (const name of ['sec-websocket-extensions', 'content-length', 'transfer-encoding'])
				expect(accepted.header(name)).toBeUndefined();
			accept = false;
			const refused = await exchange(server.listener.port, handshake());
			expect(refused.body.toString()).toBe('nobody');
			expect(refused.header('connection')?.toLowerCase()).toBe('close');
			expect(refused.header('transfer-encoding')).toBeUndefined();
		});

		law(`answers a refusal made ${pace} once, and closes`, async (fixture) => {
			const refusal: UpgradeDecision = { accept: false, status: 403, body: 'nö' };
			const server = await start(fixture, { upgrade: () => (pace === 'at once' ? refusal : Promise.resolve(refusal)) });
			const client = await RawClient.open(server.listener.port);
			void client.send(handshake());
			const { status, body } = await client.response();
			expect([status, body.toString()]).toEqual([403, 'nö']);
			await client.closed();
			expect(client.pending).toBe(0);
			expect(server.sides).toEqual([]);
		});
	}

	law('opens nothing on a connection whose first handshake was malformed', async (fixture) => {
		const server = await start(fixture);
		for (const { text } of Object.values(MALFORMED)) {
			const client = await RawClient.open(server.listener.port);
			void client.send(text + handshake());
			await client.closed();
			expect(client.text).not.toContain('101 Switching Protocols');
		}
		await server.beat();
		expect([server.requests, server.sides]).toEqual([[], []]);
	});

	for (const pace of ['at once', 'in a promise', 'later'] as const) {
		law(`opens nothing on a connection whose first handshake was refused ${pace}`, async (fixture) => {
			let answered = 0;
			const server = await start(fixture, {
				upgrade() {
					if (++answered > 1) return ACCEPT;
					const refusal: UpgradeDecision = { accept: false, status: 403, body: 'no' };
					if (pace === 'at once') return refusal;
					if (pace === 'in a promise') return Promise.resolve(refusal);
					return new Promise((resolve) => void setImmediate(() => resolve(refusal)));
				}
			});
			const client = await RawClient.open(server.listener.port);
			void client.send(handshake() + handshake());
			await client.closed();
			await server.beat();
			expect(server.sides).toEqual([]);
			expect(client.text).not.toContain('101 Switching Protocols');
		});
	}

	law('hears of a client that half-closes before the decision', async (fixture) => {
		const waiting = defer<UpgradeDecision>();
		const server = await start(fixture, { upgrade: () => waiting.promise });
		const client = await RawClient.open(server.listener.port);
		void client.send(handshake());
		await soon(() => server.requests.length).toBe(1);
		expect(server.requests[0]!.signal.aborted).toBe(false);
		client.end();
		await soon(() => server.requests[0]!.signal.aborted).toBe(true);
		waiting.resolve(ACCEPT);
		await server.beat();
		expect(server.sides).toEqual([]);
	});

	law('survives a client that speaks before it is answered', async (fixture) => {
		const waiting = defer<UpgradeDecision>();
		const server = await start(fixture, { upgrade: () => waiting.promise });
		const client = await RawClient.open(server.listener.port);
		void client.send(handshake());
		await soon(() => server.requests.length).toBe(1);
		await client.send(Buffer.alloc(100_000, 0x81));
		await server.beat();
		waiting.resolve(ACCEPT);
		await server.beat();
		client.drop();
		for (const side of server.sides) await soon(() => side.ends.length).toBe(1);
	});

	law('survives a client that is gone before the handshake is complete', async (fixture) => {
		const server = await start(fixture);
		const text = handshake();
		for (const length of [1, 10, text.length - 2]) {
			const client = await RawClient.open(server.listener.port);
			await client.send(text.slice(0, length));
			client.drop();
		}
		await server.beat();
		expect(server.requests).toEqual([]);
		(await openRaw(server.listener.port)).drop();
	});
}
