import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exchange, RawClient, request } from 'conformance/http/client';
import { describe, expect, it } from 'vitest';
import type { HttpHandler, StaticPlan } from '../../src/contract/http.ts';
import type { ListenOptions, Listener } from '../../src/contract/transport.ts';
import { createNodeAnswer } from '../../src/transport/node/http.ts';
import { nodeTransport } from '../../src/transport/node/index.ts';
import { createUwsAnswer } from '../../src/transport/uws/http.ts';
import { loadUws } from '../../src/transport/uws/index.ts';
import { loadEngine } from '../../src/transport/uws/load.ts';

const STALL_MS = 200;
/** Where somebody has to be quicker than that, however much else the machine has to do. */
const LONG_STALL_MS = 1_500;

interface Running extends AsyncDisposable {
	readonly port: number;
}

/** Answers with `respond`, and says what became of each answer. */
class App implements HttpHandler {
	readonly bodyLimit: number = Infinity;
	readonly settlements: unknown[] = [];
	readonly respond: HttpHandler['respond'];
	file: StaticPlan | undefined;

	constructor(respond: HttpHandler['respond']) {
		this.respond = respond;
	}

	plan(): StaticPlan | undefined {
		return this.file;
	}

	settled(error?: unknown): void {
		this.settlements.push(error);
	}
}

async function onNode(app: HttpHandler, stallMs = STALL_MS): Promise<Running> {
	const answer = createNodeAnswer(app, stallMs);
	const server = createServer((incoming, response) => answer(incoming, response, false));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		port: (server.address() as AddressInfo).port,
		async [Symbol.asyncDispose]() {
			const closed = new Promise((resolve) => server.close(resolve));
			server.closeAllConnections();
			await closed;
		}
	};
}

async function onUws(app: HttpHandler, stallMs = STALL_MS): Promise<Running> {
	const engine = await loadEngine();
	const server = engine.App().any('/*', createUwsAnswer(app, false, stallMs));
	const socket = await new Promise<Parameters<typeof engine.us_listen_socket_close>[0]>((resolve) =>
		server.listen('127.0.0.1', 0, (listening) => resolve(listening as Parameters<typeof engine.us_listen_socket_close>[0]))
	);
	return { port: engine.us_socket_local_port(socket), [Symbol.asyncDispose]: async () => void server.close() };
}

describe.each([
	['node', onNode],
	['uws', onUws]
])('%s', (_, serve) => {
	it.each<[string, (ended: () => void) => Response]>([
		[
			'an endless stream',
			(ended) =>
				new Response(
					new ReadableStream({
						pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
						cancel: ended
					})
				)
		],
		['a large answer', (ended) => (ended(), new Response(new Uint8Array(50_000_000)))]
	])('drops a client that takes nothing of %s', async (_what, make) => {
		let ended!: () => void;
		const end = new Promise<void>((resolve) => (ended = resolve));
		const app = new App(() => Promise.resolve({ response: make(ended) }));
		await using server = await serve(app);
		const client = await RawClient.open(server.port);
		client.pause();
		await client.send(request('GET /'));
		await end;
		await expect.poll(() => app.settlements).toEqual([undefined]);
		client.resume();
		await client.closed();
		expect(client.text.length).toBeLessThan(50_000_000);
	});
});

describe.each([
	['node', onNode],
	['uws', onUws]
])('on %s an answer that is all there', (_, serve) => {
	const CLOSE = { headers: { connection: 'close' } };
	const size = 50_000_000;
	const body = new Uint8Array(size);

	it.each<[string, () => ReturnType<HttpHandler['respond']>]>([
		['', async () => ({ response: new Response(null), bytes: body })],
		[', and its connection ends', async () => ({ response: new Response(null, CLOSE), bytes: body })],
		[', and its connection ends with the only chunk', async () => ({ response: new Response(body, CLOSE) })]
	])('is under way until the client has taken it%s', async (_what, respond) => {
		const app = new App(respond);
		await using server = await serve(app, LONG_STALL_MS);
		const client = await RawClient.open(server.port);
		await client.send(request('GET /'));
		await client.until(() => client.pending > 0);
		client.pause();
		expect(app.settlements).toEqual([]);
		client.resume();
		expect((await client.response()).body.length).toBe(size);
		await expect.poll(() => app.settlements, { timeout: 10_000 }).toEqual([undefined]);
		client.drop();
	});

	it('goes on where the client took nothing for a while, without app code as well', async () => {
		const app = new App(() => Promise.reject(new Error('nobody asks')));
		app.file = { status: 200, headers: [['x-a', 'b']], body, length: size };
		await using server = await serve(app, LONG_STALL_MS);
		const client = await RawClient.open(server.port);
		await client.send(request('GET /'));
		await client.until(() => client.pending > 0);
		client.pause();
		client.resume();
		expect((await client.response()).body.length).toBe(size);
		app.file = { status: 200, headers: [], body: new Uint8Array(3), length: 3 };
		await client.send(request('GET /'));
		expect((await client.response()).body.length).toBe(3);
		client.drop();
	});
});

it('drops a client of the node transport that sends nothing of a body that is awaited, and no other', async () => {
	let takeMore!: () => void;
	const slow = new Promise<void>((resolve) => (takeMore = resolve));
	const app = new App(async ({ path }, body) => {
		const reader = body!.getReader();
		let length = 0;
		for (;;) {
			if (path === '/slow') await slow;
			const { done, value } = await reader.read();
			if (done) break;
			length += value.byteLength;
		}
		// The answer takes its time as well.
		if (path === '/slow') await new Promise((resolve) => setTimeout(resolve, 1.5 * LONG_STALL_MS));
		return { response: new Response(String(length)) };
	});
	await using server = await onNode(app, LONG_STALL_MS);
	const stalled = await RawClient.open(server.port);
	await stalled.send(request('POST /stalled', ['Content-Length: 100'], 'abc'));
	// The app lets this one wait, while nothing of it can be sent.
	const size = 8_000_000;
	const waiting = await RawClient.open(server.port);
	void waiting.send(request('POST /slow', [`Content-Length: ${size}`]) + 'a'.repeat(size));
	await stalled.closed();
	expect(stalled.text).toBe('');
	takeMore();
	expect((await waiting.response()).body.toString()).toBe(String(size));
	await waiting.send(request('POST /', ['Content-Length: 1'], 'a'));
	expect((await waiting.response()).body.toString()).toBe('1');
	waiting.drop();
});

it('leaves the timeout of a server that somebody else made as it was', async () => {
	const seen: (number | undefined)[] = [];
	const app = new App(async (_head, body) => ({ response: new Response(await new Response(body).text()) }));
	const answer = createNodeAnswer(app, STALL_MS);
	const server = createServer((incoming, response) => {
		answer(incoming, response, false);
		incoming.once('end', () => seen.push(incoming.socket.timeout));
	});
	server.timeout = 60_000;
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	expect((await exchange(port, request('POST /', ['Content-Length: 5'], 'hello'))).body.toString()).toBe('hello');
	expect(seen).toEqual([60_000]);
	server.close();
	server.closeAllConnections();
});

const uws = await loadUws();
/** What a client says at first, and then again and again: a character of it, or the last one. */
const WAITING: Readonly<Record<string, readonly [first: string, then: string]>> = {
	nothing: ['', ''],
	'a request that is answered, and nothing more': [request('GET /answered'), ''],
	'a part of a head': ['GET / HTTP/1.1\r\nHost: a', ''],
	'a head byte by byte': ['', request('GET /').slice(0, -2)]
};
const WAITING_WITH_BODY: typeof WAITING = {
	...WAITING,
	'a part of a body': [request('POST /part', ['Content-Length: 1000'], 'a'), ''],
	'a part of a chunk': [request('POST /chunk', ['Transfer-Encoding: chunked'], '5\r\na'), ''],
	'a body byte by byte': [request('POST /bytes', ['Content-Length: 100000'], 'a'), 'a']
};

it.each<[string, typeof WAITING, (options: ListenOptions) => Promise<Listener>]>([
	[
		'node with limits of a second',
		WAITING,
		(options) => nodeTransport.listen({ ...options, keepAliveTimeoutMs: 1_000, headersTimeoutMs: 1_000 })
	],
	['uws, whose limits are fixed,', WAITING_WITH_BODY, (options) => uws.listen(options)]
])('%s ends whoever keeps it waiting, and serves others meanwhile', { timeout: 90_000 }, async (_, waiting, listen) => {
	const whole: string[] = [];
	const app = new App(async ({ path }, body) => {
		await new Response(body).text().then(
			() => whole.push(path),
			() => {}
		);
		return { response: new Response('app') };
	});
	const listener = await listen({ host: '127.0.0.1', port: 0, http: app });
	const timers: NodeJS.Timeout[] = [];
	const clients = Object.values(waiting).map(async ([first, then]) => {
		const client = await RawClient.open(listener.port);
		await client.send(first);
		let said = 0;
		if (then !== '') timers.push(setInterval(() => void client.send(then[said++] ?? then.at(-1)!), 100));
		// The engine looks every few seconds.
		await client.closed(80_000);
	});
	timers.push(setInterval(() => void exchange(listener.port, request('GET /')).catch(() => whole.push('refused')), 500));
	await Promise.all(clients);
	timers.forEach(clearInterval);
	expect((await exchange(listener.port, request('GET /'))).status).toBe(200);
	expect([...new Set(whole)].toSorted()).toEqual(['/', '/answered']);
	await listener[Symbol.asyncDispose]();
});
