import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { freePort } from 'conformance/free-port';
import { describe, expect, it, vi } from 'vitest';
import { within } from 'conformance/within';
import { WebSocket } from 'ws';
import { Certificate } from './certificate.ts';
import { start } from './project.ts';

interface Asking {
	readonly agent?: Agent;
	readonly body?: string;
}

interface Answer {
	readonly status: number | undefined;
	readonly text: string;
	readonly name: unknown;
}

/** A server with TLS on its own port, and what a client finds there. */
async function serve(TRANSPORT: string, certificate: Certificate, env: Readonly<Record<string, string>> = {}) {
	const server = start({ TRANSPORT, SSL_CERT: certificate.cert, SSL_KEY: certificate.key, ...env });
	const [, text] = await server.said(/Listening on https:\/\/127\.0\.0\.1:(\d+)/);
	const port = Number(text);
	const origin = `https://127.0.0.1:${port}`;
	const trust = { rejectUnauthorized: false };
	return {
		server,
		origin,
		/** Name in the certificate, and the protocol that was agreed on. */
		handshake: (): Promise<readonly [name: unknown, protocol: unknown]> =>
			new Promise((resolve, reject) => {
				const socket = connectTls({ host: '127.0.0.1', port, ALPNProtocols: ['h2', 'http/1.1'], ...trust }, () => {
					resolve([socket.getPeerCertificate().subject.CN, socket.alpnProtocol || 'http/1.1']);
					socket.end();
				}).once('error', reject);
			}),
		/** Asks for a page; with a `body` it is sent. Gives the name in the certificate of the connection, too. */
		ask: (path: string, { agent, body }: Asking = {}): Promise<Answer> =>
			new Promise((resolve, reject) => {
				const options = { ...(agent && { agent }), ...(body && { method: 'POST', headers: { origin } }), ...trust };
				const sent = request(`${origin}${path}`, options, (response) => {
					const { subject } = (response.socket as TLSSocket).getPeerCertificate();
					let text = '';
					response.on('data', (chunk: Buffer) => (text += chunk.toString()));
					response.once('end', () => resolve({ status: response.statusCode, text, name: subject?.CN }));
				});
				sent.once('error', reject).end(body);
			}),
		open: (): Promise<WebSocket> =>
			new Promise((resolve, reject) => {
				const ws = new WebSocket(`${origin.replace('https', 'wss')}/ws`, { headers: { origin }, ...trust });
				ws.once('open', () => resolve(ws)).once('error', reject);
			}),
		[Symbol.asyncDispose]: () => server[Symbol.asyncDispose]()
	};
}

/** Asks for a topic and waits for the answer. */
function subscribe(ws: WebSocket, topic: string): Promise<void> {
	const subscribed = new Promise<void>((resolve) => {
		const heard = (data: Buffer): void => {
			if (!data.toString().includes('"subscribed"')) return;
			ws.off('message', heard);
			resolve();
		};
		ws.on('message', heard);
		ws.send(JSON.stringify({ type: 'subscribe', topic, ref: 1 }));
	});
	return within(subscribed, () => `Nobody says that ${topic} was subscribed to`);
}

describe.each(['uws', 'node'])('TLS on %s', (transport) => {
	it('serves pages and sockets on one port, over HTTP/1.1, and knows that it is https', async () => {
		using certificate = new Certificate('first');
		await using site = await serve(transport, certificate);
		expect(await site.handshake()).toEqual(['first', 'http/1.1']);
		expect((await site.ask('/')).status).toBe(200);
		expect(JSON.parse((await site.ask('/info')).text)).toMatchObject({ origin: site.origin });
		const ws = await site.open();
		await subscribe(ws, 'notes');
		ws.terminate();
	});

	it.each(['true', 'false'])(
		'takes a renewed certificate on SIGHUP without dropping a connection, with REUSE_PORT=%s',
		async (REUSE_PORT) => {
			using certificate = new Certificate('first');
			await using site = await serve(transport, certificate, { REUSE_PORT });
			const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
			const old = await site.open();
			const ends: unknown[] = [];
			old.on('close', (code) => void ends.push(code));
			await subscribe(old, 'notes');
			expect((await site.ask('/info', { agent })).name).toBe('first');

			certificate.renew('second');
			site.server.child.kill('SIGHUP');
			await site.server.said(/The certificate was renewed/);
			expect((await site.handshake())[0]).toBe('second');
			// The connection of before goes on, and so does its socket, in one room with those of after.
			expect((await site.ask('/info', { agent })).name).toBe('first');
			const fresh = await site.open();
			await subscribe(fresh, 'notes');
			const heard: string[] = [];
			for (const ws of [old, fresh]) ws.on('message', (data: Buffer) => void heard.push(data.toString()));
			const body = JSON.stringify({ how: 'publish', messages: [{ topic: 'notes', event: 'created', data: 1 }] });
			expect((await site.ask('/publish', { agent, body })).status).toBe(200);
			await vi.waitFor(() => expect(heard.filter((frame) => frame.includes('"created"')).length).toBe(2));
			expect(ends).toEqual([]);

			agent.destroy();
			site.server.child.kill('SIGTERM');
			expect(await site.server.exited).toBe(0);
			await vi.waitFor(() => expect(ends).toEqual([1012]));
		}
	);

	it('keeps the old certificate when the new one cannot be used, and says why', async () => {
		using certificate = new Certificate('first');
		await using site = await serve(transport, certificate);
		writeFileSync(certificate.cert, 'not a certificate');
		site.server.child.kill('SIGHUP');
		await site.server.said(/The certificate was not renewed\n/);
		await site.server.said(/Both must be PEM/);
		expect((await site.handshake())[0]).toBe('first');
	});
});

describe.each([
	['uws', 'reuseport'],
	['node', 'reuseport'],
	['node', 'acceptor']
])('TLS on %s with two workers, %s', (transport, CLUSTER_MODE) => {
	it('takes a renewed certificate in every worker when the primary hears SIGHUP', async () => {
		using certificate = new Certificate('first');
		await using site = await serve(transport, certificate, {
			PORT: String(await freePort()),
			CLUSTER_WORKERS: '2',
			CLUSTER_MODE
		});
		const { server } = site;
		const names = async (): Promise<unknown[]> =>
			(await Promise.all(Array.from({ length: 10 }, () => site.handshake()))).map(([name]) => name);
		expect(new Set(await names())).toEqual(new Set(['first']));
		const ws = await site.open();
		const ends: unknown[] = [];
		ws.on('close', (code) => void ends.push(code));
		await subscribe(ws, 'notes');

		certificate.renew('second');
		server.child.kill('SIGHUP');
		await vi.waitFor(() => expect(server.output.match(/The certificate was renewed/g)).toHaveLength(2));
		expect(new Set(await names())).toEqual(new Set(['second']));
		expect(ends).toEqual([]);
		server.child.kill('SIGTERM');
		expect(await server.exited).toBe(0);
		await vi.waitFor(() => expect(ends).toEqual([1012]));
	});
});
