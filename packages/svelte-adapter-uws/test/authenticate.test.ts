import { describe, expect, it, vi } from 'vitest';
import { RawClient } from 'conformance/http/client';
import type { AuthenticateContext, WebSocketHooks } from '../src/contract/hooks.ts';
import { createTestServer, type TestServerOptions } from '../src/host/testing.ts';
import { manualClock } from '../src/host/clock.ts';
import { memoryLog } from './support/log.ts';

const OWN = { 'x-requested-with': 'XMLHttpRequest' } as const;

describe.each(['node', 'uws'] as const)('authenticate on %s', (transport) => {
	const start = async (authenticate: WebSocketHooks['authenticate'] | undefined, given: Partial<TestServerOptions> = {}) => {
		const log = memoryLog();
		const server = await createTestServer({
			transport,
			log,
			origin: 'same-origin',
			...given,
			handler: { ...given.handler, ...(authenticate && { authenticate }) }
		});
		const post = (init: RequestInit = {}, path = '/__ws/auth'): Promise<Response> =>
			fetch(server.url + path, { method: 'POST', headers: OWN, ...init });
		return { server, log, post, [Symbol.asyncDispose]: () => server.close() };
	};

	it('is there only when it is exported', async () => {
		await using app = await start(undefined);
		expect((await app.post()).status).toBe(426);
	});

	it('answers 204 to nothing, with the cookies that were set', async () => {
		await using app = await start(({ cookies }) => {
			cookies.set('a', '1', { httpOnly: true });
			cookies.set('b', '2');
			cookies.set('a', '3');
		});
		const response = await app.post();
		expect([response.status, await response.text()]).toEqual([204, '']);
		expect(response.headers.getSetCookie()).toEqual(['b=2; Path=/', 'a=3; Path=/']);
	});

	it('answers 401 to false, without cookies', async () => {
		await using app = await start(async ({ cookies }) => {
			cookies.set('a', '1');
			return false as const;
		});
		const response = await app.post();
		expect([response.status, await response.text()]).toEqual([401, 'Unauthorized']);
		expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
		expect(response.headers.getSetCookie()).toEqual([]);
	});

	it('sends a Response as it is, with its own cookies before the others, and the right length', async () => {
		await using app = await start(({ cookies }) => {
			cookies.set('late', '2');
			const headers = new Headers({ 'content-length': '99', 'x-a': 'b' });
			headers.append('set-cookie', 'early=1');
			headers.append('set-cookie', 'early=2');
			return new Response('tëxt', { status: 418, headers });
		});
		const response = await app.post();
		expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([418, 'b', 'tëxt']);
		expect(response.headers.getSetCookie()).toEqual(['early=1', 'early=2', 'late=2; Path=/']);
		expect(response.headers.get('content-length')).toBe('5');
	});

	it('takes redirects and other responses whose headers cannot be changed', async () => {
		await using app = await start(({ cookies }) => {
			cookies.set('a', '1');
			return Response.redirect('https://example.com/login', 303);
		});
		const response = await app.post({ redirect: 'manual' });
		expect([response.status, response.headers.get('location'), response.headers.getSetCookie()]).toEqual([
			303,
			'https://example.com/login',
			['a=1; Path=/']
		]);
	});

	it('shows the hook the request', async () => {
		let seen: Record<string, unknown> = {};
		await using app = await start(async ({ request, headers, cookies, url, remoteAddress, getClientAddress, platform }) => {
			seen = {
				body: await request.text(),
				method: request.method,
				full: request.url,
				type: headers['content-type'],
				all: cookies.getAll(),
				url,
				addresses: [remoteAddress, getClientAddress()],
				id: platform.requestId,
				connections: platform.connections
			};
		});
		await app.post(
			{ headers: { ...OWN, cookie: 'a=1; b=2', 'x-request-id': 'req-1', 'content-type': 'text/x' }, body: 'hello' },
			'/__ws/auth?next=1'
		);
		expect(seen).toEqual({
			body: 'hello',
			method: 'POST',
			full: `${app.server.url}/__ws/auth?next=1`,
			type: 'text/x',
			all: [
				{ name: 'a', value: '1' },
				{ name: 'b', value: '2' }
			],
			url: '/__ws/auth?next=1',
			addresses: ['127.0.0.1', '127.0.0.1'],
			id: 'req-1',
			connections: 0
		});
	});

	it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])('answers 405 to %s', async (method) => {
		const authenticate = vi.fn<() => void>();
		await using app = await start(authenticate);
		const response = await app.post({ method });
		expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
		expect(authenticate).not.toHaveBeenCalled();
	});

	it.each<[string, Record<string, string>, number]>([
		['nothing', {}, 403],
		['a foreign origin', { origin: 'https://evil.example' }, 403],
		['origin null', { origin: 'null' }, 403],
		['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }, 403],
		['a fetch of a sibling', { 'sec-fetch-site': 'same-site' }, 403],
		['a fetch from nowhere', { 'sec-fetch-site': 'none' }, 403],
		['another X-Requested-With', { 'x-requested-with': 'fetch' }, 403],
		['X-Requested-With', { 'x-requested-with': 'xmlhttprequest' }, 204],
		['what published clients send', { 'x-requested-with': 'svelte-adapter-uws' }, 204],
		['a fetch of its own', { 'sec-fetch-site': 'same-origin' }, 204]
	])('guards against %s', async (_what, headers, status) => {
		await using app = await start(() => {}, { handler: { upgrade: () => ({}) } });
		const response = await app.post({ headers });
		expect(response.status).toBe(status);
		if (status === 403) expect(await response.text()).toBe('Origin not allowed');
		const own = await app.post({ headers: { origin: app.server.url } });
		expect(own.status).toBe(204);
	});

	it('lets everybody in where authPathRequireOrigin is false', async () => {
		await using app = await start(() => {}, { wsOptions: { authPathRequireOrigin: false } });
		expect((await app.post({ headers: { origin: 'https://evil.example' } })).status).toBe(204);
	});

	it('takes 64 KB of body and not a byte more, announced or streamed', async () => {
		const authenticate = vi.fn<(context: AuthenticateContext) => Promise<void>>(
			async ({ request }) => void (await request.text())
		);
		await using app = await start(authenticate);
		const streamed = (size: number): RequestInit & { duplex: 'half' } => ({
			body: new Blob(['x'.repeat(size)]).stream(),
			duplex: 'half'
		});
		expect((await app.post({ body: 'x'.repeat(65_536) })).status).toBe(204);
		expect((await app.post(streamed(65_536))).status).toBe(204);
		expect((await app.post({ body: 'x'.repeat(65_537) })).status).toBe(413);
		expect((await app.post(streamed(65_537))).status).toBe(413);
		expect((await app.post(streamed(1_000_000))).status).toBe(413);
		expect(authenticate).toHaveBeenCalledTimes(2);
	});

	it.each<[string, () => any]>([
		['throws', () => throwIt(new Error('the password is hunter2'))],
		['throws null', () => throwIt(null)],
		['rejects', () => Promise.reject(new Error('the password is hunter2'))],
		['gives true', () => true],
		['gives null', () => null],
		['gives text', () => 'yes'],
		['gives a thenable whose then throws', () => ({ then: () => throwIt(new Error('no')) })],
		[
			'gives a response that was read',
			async () => {
				const response = new Response('x');
				await response.text();
				return response;
			}
		],
		['gives Response.error()', () => Response.error()]
	])('answers 500 and tells nobody why when the hook %s', async (_how, authenticate) => {
		await using app = await start(authenticate);
		const response = await app.post();
		expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error']);
		expect(app.log.lines).toHaveLength(1);
		expect(app.log.lines[0]!.slice(0, 2)).toEqual(['error', expect.stringContaining('authenticate hook failed')]);
		expect((await app.post({ method: 'GET' })).status).toBe(405);
	});

	it('answers 504 when the hook is too slow', async () => {
		const clock = manualClock();
		let asked = false;
		await using app = await start(() => ((asked = true), new Promise<void>(() => {})), { clock });
		const response = app.post();
		await vi.waitFor(() => expect(asked).toBe(true));
		clock.advance(10_000);
		expect((await response).status).toBe(504);
		expect(app.log.lines).toEqual([]);
	});

	it('counts against the limit of its address, as handshakes do', async () => {
		await using app = await start(() => {}, { clock: manualClock(), wsOptions: { upgradeRateLimit: 2 } });
		const statuses = [];
		for (let i = 0; i < 3; i++) statuses.push((await app.post()).status);
		expect(statuses).toEqual([204, 204, 429]);
		const ws = new WebSocket(app.server.wsUrl);
		await new Promise((resolve) => ws.addEventListener('error', resolve, { once: true }));
	});

	it('stops waiting when the client leaves', async () => {
		let signal: AbortSignal | undefined;
		await using app = await start(({ request }) => ((signal = request.signal), new Promise<void>(() => {})));
		const client = await RawClient.open(app.server.port);
		await client.send('POST /__ws/auth HTTP/1.1\r\nHost: a\r\nX-Requested-With: XMLHttpRequest\r\nContent-Length: 0\r\n\r\n');
		await vi.waitFor(() => expect(signal).toBeDefined());
		client.drop();
		await vi.waitFor(() => expect(signal!.aborted).toBe(true));
		expect(app.log.lines).toEqual([]);
	});

	it('can have another path', async () => {
		await using app = await start(() => {}, { authPath: '/login' });
		expect((await app.post({}, '/login')).status).toBe(204);
		expect((await app.post()).status).toBe(426);
	});
});

function throwIt(value: unknown): never {
	throw value;
}
