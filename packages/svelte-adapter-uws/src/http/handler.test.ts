import { describe, expect, it } from 'vitest';
import { recipient, requestHead } from '../../test/support/http.ts';
import { memoryLog } from '../../test/support/log.ts';
import { createHttpHandler, type HttpParts } from './handler.ts';
import type { SvelteKitServer } from './ssr/respond.ts';
import { toStaticFile, type StaticTable } from './static/table.ts';

const bytes = new TextEncoder().encode('file');
const file = toStaticFile({
	type: 'text/plain',
	disposition: undefined,
	immutable: false,
	tag: 'h',
	identity: { size: 4, bytes, path: '', modified: 0 },
	br: undefined,
	gzip: undefined
});
const table: StaticTable = new Map([
	['/file.txt', file],
	['/healthz', file]
]);

function create(respond: SvelteKitServer['respond'] = async () => new Response('app'), given: Partial<HttpParts> = {}) {
	const log = memoryLog();
	const handler = createHttpHandler({
		table,
		checks: new Map([['/healthz', () => true]]),
		healthy: () => true,
		proxy: { forwardedDepth: 1 },
		bodyLimit: 10,
		server: { respond },
		platformFor: (requestId) => ({ requestId }),
		log,
		randomId: () => 'fresh',
		windows: false,
		...given
	});
	return {
		log,
		handler,
		plan: (head: Parameters<typeof requestHead>[0]) => handler.plan(requestHead(head)),
		respond: (head: Parameters<typeof requestHead>[0] = {}, body?: ReadableStream<Uint8Array>) =>
			handler.respond(requestHead(head), body, recipient()).then(({ response }) => response)
	};
}

const HOST = ['host', 'a.example'] as const;
const text = (body: Uint8Array | undefined): string => new TextDecoder().decode(body);

describe('the order of decisions', () => {
	it('is guard, health, static, app', () => {
		const { plan } = create();
		expect(plan({ path: '/healthz', headers: [] })).toMatchObject({ status: 400, close: true });
		expect(text(plan({ path: '/healthz' })?.body)).toBe('OK');
		expect(text(plan({ path: '/file.txt' })?.body)).toBe('file');
		expect(plan({ path: '/other' })).toBeUndefined();
	});

	it('leaves every method but GET and HEAD to the app', () => {
		const { plan } = create();
		for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'QUERY']) {
			for (const path of ['/file.txt', '/healthz']) expect(plan({ method, path })).toBeUndefined();
		}
		for (const method of ['GET', 'HEAD']) expect(plan({ method, path: '/file.txt' })?.status).toBe(200);
	});

	it('has no health check without a path for it', () => {
		expect(text(create(undefined, { checks: new Map() }).plan({ path: '/healthz' })?.body)).toBe('file');
	});

	it('refuses names that mean something else to Windows, unless they are files', () => {
		const { plan } = create(undefined, { windows: true });
		for (const path of ['/file.txt:stream', '/FILE~1.TXT']) expect(plan({ path })?.status).toBe(400);
		expect(plan({ path: '/file.txt' })?.status).toBe(200);
	});

	it('refuses a body that says it is too large, and keeps the connection', () => {
		const { plan } = create();
		const post = (length: number) => plan({ method: 'POST', headers: [HOST, ['content-length', String(length)]] });
		expect(post(10)).toBeUndefined();
		expect(post(11)).toMatchObject({ status: 413 });
		expect(post(11)?.close).toBeUndefined();
		expect(
			create(undefined, { bodyLimit: Infinity }).plan({ method: 'POST', headers: [HOST, ['content-length', '999999999999']] })
		).toBeUndefined();
	});
});

it('turns away balancers and ends connections while it shuts down', async () => {
	const { plan, respond } = create(undefined, { healthy: () => false, checks: new Map([['/healthz', () => false]]) });
	expect(plan({ path: '/healthz' })).toMatchObject({ status: 503, close: true });
	expect(plan({ path: '/file.txt' })).toMatchObject({ status: 200, close: true });
	expect((await respond()).headers.get('connection')).toBe('close');
});

describe('the app', () => {
	it('gets method, URL, headers, body, platform and address', async () => {
		let seen: unknown;
		const { respond } = create(async (request, { platform, getClientAddress }) => {
			seen = {
				method: request.method,
				url: request.url,
				headers: Object.fromEntries(request.headers),
				text: await request.text(),
				platform,
				address: getClientAddress()
			};
			return new Response();
		});
		const headers = [HOST, ['x-request-id', 'mine'], ['x', '1'], ['x', '2'], ['cookie', 'a=1']] as const;
		await respond(
			{ method: 'POST', path: '/a//b%20c', query: 'q=%zz', headers, peer: { address: '9.9.9.9', secure: true } },
			new Response('body').body!
		);
		expect(seen).toMatchObject({
			method: 'POST',
			url: 'https://a.example/a//b%20c?q=%zz',
			headers: { x: '1, 2', cookie: 'a=1', host: 'a.example' },
			text: 'body',
			platform: { requestId: 'mine' },
			address: '9.9.9.9'
		});
	});

	it('hears of the client leaving through request.signal', async () => {
		const abort = new AbortController();
		let aborted = false;
		const { handler } = create(async (request) => {
			request.signal.addEventListener('abort', () => (aborted = true));
			return new Response();
		});
		await handler.respond(requestHead(), undefined, recipient(abort.signal));
		abort.abort();
		expect(aborted).toBe(true);
	});

	it('finds out in getClientAddress that the proxy is not what was configured', async () => {
		let message = '';
		const { respond } = create(
			async (_, { getClientAddress }) => {
				try {
					getClientAddress();
				} catch (error) {
					message = String(error);
				}
				return new Response();
			},
			{ proxy: { addressHeader: 'x-real-ip', forwardedDepth: 1 } }
		);
		await respond();
		expect(message).toMatch(/ADDRESS_HEADER is x-real-ip/);
	});

	it('gets nosniff on its responses, unless it says otherwise, and no buffering of event streams', async () => {
		const header = async (response: Response, name: string) => (await create(async () => response).respond()).headers.get(name);
		expect(await header(new Response('x'), 'x-content-type-options')).toBe('nosniff');
		expect(await header(new Response('x', { headers: { 'x-content-type-options': 'own' } }), 'x-content-type-options')).toBe(
			'own'
		);
		expect(await header(new Response('x', { headers: { 'content-type': 'text/event-stream' } }), 'x-accel-buffering')).toBe('no');
	});

	it('may return a response whose headers cannot be changed', async () => {
		const { respond } = create(async () => Response.redirect('http://a.example/there', 303));
		const response = await respond();
		expect([response.status, response.headers.get('location'), response.headers.get('x-content-type-options')]).toEqual([
			303,
			'http://a.example/there',
			'nosniff'
		]);
	});
});

describe('failures', () => {
	it('are logged and not told', async () => {
		const { respond, log } = create(() => Promise.reject(new Error('secret')));
		const response = await respond({ path: '/page' });
		expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error']);
		expect(log.lines.join()).toMatch(/GET \/page/);
	});

	it('are the app throwing at once, too', async () => {
		const { respond } = create(() => {
			throw new Error('sync');
		});
		expect((await respond()).status).toBe(500);
	});

	it('include a response that somebody has read', async () => {
		const read = new Response('x');
		read.body!.getReader();
		const { respond, log } = create(async () => read);
		expect((await respond()).status).toBe(500);
		expect(log.lines.join()).toMatch(/failed/);
	});

	it('are the fault of a proxy that lies about the scheme, and of a client without a host', async () => {
		const { respond, log } = create(undefined, { proxy: { protocolHeader: 'x-proto', forwardedDepth: 1 } });
		expect((await respond({ headers: [HOST, ['x-proto', 'gopher']] })).status).toBe(500);
		expect(log.lines).toHaveLength(1);
		expect((await respond({ headers: [['host', '1.2.3.999']] })).status).toBe(400);
		expect((await respond({ headers: [] })).status).toBe(400);
		expect(log.lines).toHaveLength(1);
	});

	it('of writing a response are logged', async () => {
		const { handler, respond, log } = create();
		await respond();
		handler.settled(new Error('cut'));
		expect(log.lines.join()).toMatch(/could not be written/);
	});
});

it('knows when the app is done with every request', async () => {
	const { handler, respond } = create();
	await handler.idle();
	await Promise.all([respond(), respond()]);
	expect(handler.active).toBe(2);
	let idle = false;
	const done = handler.idle().then(() => (idle = true));
	handler.settled();
	expect(idle).toBe(false);
	handler.settled();
	await done;
	expect(handler.active).toBe(0);
});

it('answers with a file on disk as it answers with the app, so that a shutdown waits for it', async () => {
	const content = { size: 4, bytes: undefined, path: '/nowhere', modified: 0 };
	const onDisk = toStaticFile({
		type: 'x/y',
		disposition: undefined,
		immutable: false,
		tag: 't',
		identity: content,
		br: undefined,
		gzip: undefined
	});
	const { handler, plan, respond } = create(undefined, { table: new Map([['/large.dat', onDisk]]), healthy: () => false });
	expect(plan({ path: '/large.dat' })).toBeUndefined();
	expect(plan({ path: '/large.dat', method: 'HEAD' })).toMatchObject({ status: 200, length: 4, close: true });
	const range = ['range', 'bytes=1-2'] as const;
	const response = await respond({ path: '/large.dat', headers: [HOST, range] });
	expect([response.status, response.headers.get('content-length'), response.headers.get('connection')]).toEqual([
		206,
		'2',
		'close'
	]);
	expect(handler.active).toBe(1);
	await expect(response.text()).rejects.toThrow(/ENOENT/);
	expect((await respond({ path: '/large.dat', method: 'POST' })).status).toBe(200);
});

it('answers with a large file as it answers with the app, so that a shutdown waits for it', async () => {
	const large = new Uint8Array(65_537);
	const inMemory = toStaticFile({
		type: 'x/y',
		disposition: undefined,
		immutable: false,
		tag: 't',
		identity: { size: large.length, bytes: large, path: '', modified: 0 },
		br: undefined,
		gzip: undefined
	});
	const { handler, plan } = create(undefined, { table: new Map([['/large.dat', inMemory]]), healthy: () => false });
	const head = { path: '/large.dat' };
	expect(plan(head)).toBeUndefined();
	expect(plan({ ...head, headers: [HOST, ['range', 'bytes=1-2']] })).toMatchObject({ status: 206, length: 2, close: true });
	const { response, bytes } = await handler.respond(requestHead(head), undefined, recipient());
	expect([response.status, response.headers.get('content-length'), response.headers.get('connection')]).toEqual([
		200,
		'65537',
		'close'
	]);
	expect(bytes).toEqual(large);
	expect(handler.active).toBe(1);
});
