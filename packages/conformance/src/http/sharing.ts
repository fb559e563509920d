import zlib from 'node:zlib';
import { expect, vi } from 'vitest';
import { exchange, RawClient, request, type RawResponse } from './client.ts';
import type { App, HttpFixture, HttpLaw } from './fixture.ts';

const PAGE = '<p>The same words again and again.</p>'.repeat(100);

/** An app that answers nobody before it is told to, and counts who asked. */
function held(serve: HttpFixture['serve'], app: App): { readonly asked: () => number; readonly open: () => void } {
	let asked = 0;
	const gate = Promise.withResolvers<void>();
	serve(async (incoming, client) => {
		asked++;
		await gate.promise;
		return app(incoming, client);
	});
	return { asked: () => asked, open: gate.resolve };
}

/** Sends every request, and lets the app answer as soon as all have arrived. Resolves with the answers and the renders they took. */
async function together(
	{ port, serve }: HttpFixture,
	texts: readonly string[],
	app: App
): Promise<{ readonly answers: readonly RawResponse[]; readonly renders: number }> {
	const { asked, open } = held(serve, app);
	const clients = await Promise.all(texts.map(() => RawClient.open(port)));
	for (const [index, text] of texts.entries()) await clients[index]!.send(text);
	await vi.waitFor(() => expect(asked()).toBeGreaterThan(0));
	await arrived(port);
	open();
	const answers = await Promise.all(clients.map((client, index) => client.response(texts[index]!.startsWith('HEAD '))));
	for (const client of clients) client.drop();
	return { answers, renders: asked() };
}

/** Whatever was sent before on other connections has been looked at when these have been answered. */
async function arrived(port: number): Promise<void> {
	for (let n = 0; n < 3; n++) await exchange(port, request('GET /healthz'));
}

const GET = request('GET /page?a=1');

/** Equal anonymous reads at one time share a render; nobody gets what is another's. */
export function sharingLaws(law: HttpLaw): void {
	law('renders once for equal anonymous reads at one time', async (fixture) => {
		const make = (): Response => new Response(PAGE, { status: 203, headers: { 'content-type': 'text/html', x: 'y' } });
		const { answers, renders } = await together(fixture, Array<string>(20).fill(GET), make);
		expect(renders).toBe(1);
		for (const { status, header, body } of answers) expect([status, header('x'), body.toString()]).toEqual([203, 'y', PAGE]);
		expect((await together(fixture, [GET], make)).renders).toBe(1);
	});

	law('shares a render whatever a client says against it', async (fixture) => {
		const text = request('GET /', ['X-No-Dedup: 1', 'Cache-Control: no-cache']);
		expect((await together(fixture, [text, text], () => new Response(PAGE))).renders).toBe(1);
	});

	law('shares a render between clients that take different encodings, and have come different ways', async (fixture) => {
		const texts = [
			request('GET /', ['Accept-Encoding: br', 'X-Request-ID: 1', 'X-Forwarded-For: 1.1.1.1']),
			request('GET /', ['Accept-Encoding: gzip', 'X-Request-ID: 2', 'X-Forwarded-For: 2.2.2.2']),
			request('GET /')
		];
		const { answers, renders } = await together(
			fixture,
			texts,
			() => new Response(PAGE, { headers: { 'content-type': 'text/html', vary: 'accept-encoding' } })
		);
		expect(renders).toBe(1);
		const bodies = answers.map(({ body }) => body);
		expect(answers.map(({ header }) => header('content-encoding'))).toEqual(['br', 'gzip', undefined]);
		expect([zlib.brotliDecompressSync(bodies[0]!), zlib.gunzipSync(bodies[1]!), bodies[2]].map(String)).toEqual([
			PAGE,
			PAGE,
			PAGE
		]);
	});

	for (const [what, one, other] of [
		['whoever sends a cookie', ['Cookie: a=1'], ['Cookie: a=1']],
		['whoever sends credentials', ['Authorization: Bearer x'], ['Authorization: Bearer x']],
		['another language', ['Accept-Language: de'], ['Accept-Language: en']],
		['another type', ['Accept: text/html'], ['Accept: application/json']],
		['another user that a proxy knows', ['X-Forwarded-User: ann'], ['X-Forwarded-User: bob']],
		['another range', ['Range: bytes=0-1'], ['Range: bytes=2-3']],
		['a condition', ['If-None-Match: "x"'], []]
	] as const) {
		law(`never shares a render with ${what}`, async (fixture) => {
			const texts = [request('GET /', one), request('GET /', other)];
			let n = 0;
			const { answers, renders } = await together(fixture, texts, () => new Response(`render ${++n}`));
			expect(renders).toBe(2);
			expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(2);
		});
	}

	law('never shares a render with another host, path, query or method', async (fixture) => {
		const texts = [
			request('GET /a'),
			request('GET /b'),
			request('GET /a?c'),
			request('HEAD /a'),
			request('POST /a'),
			request('POST /a'),
			request('GET /a').replace('a.example', 'b.example')
		];
		expect((await together(fixture, texts, () => new Response('own'))).renders).toBe(texts.length);
	});

	for (const [what, make] of [
		['sets a cookie', () => new Response('x', { headers: { 'set-cookie': 'a=1' } })],
		['is private', () => new Response('x', { headers: { 'cache-control': 'Private, max-age=1' } })],
		['is not to be stored', () => new Response('x', { headers: { 'cache-control': 'no-store' } })],
		['varies with more than the encoding', () => new Response('x', { headers: { vary: 'Accept-Encoding, Cookie' } })],
		['varies with everything', () => new Response('x', { headers: { vary: '*' } })],
		['is a stream of events', () => new Response('data: x\n\n', { headers: { 'content-type': 'text/event-stream' } })],
		['has no body', () => new Response(null, { status: 204 })],
		['is larger than 512 KB', () => new Response('x'.repeat(524_289))]
	] as const) {
		law(`shares no response that ${what}`, async (fixture) => {
			const { answers, renders } = await together(fixture, [GET, GET, GET], make);
			expect(renders).toBe(3);
			const expected = await make().text();
			for (const { body } of answers) expect(body.toString() === expected).toBe(true);
		});
	}

	law('shares a response of 512 KB', async (fixture) => {
		const { answers, renders } = await together(fixture, [GET, GET, GET], () => new Response('x'.repeat(524_288)));
		expect([renders, ...answers.map(({ body }) => body.length)]).toEqual([1, 524_288, 524_288, 524_288]);
	});

	law('shares no response that was made for one address', async (fixture) => {
		const { renders } = await together(fixture, [GET, GET], (_, { getClientAddress }) => new Response(getClientAddress()));
		expect(renders).toBe(2);
	});

	law('starts every stream at once, and ends each when its client leaves', async ({ port, serve }) => {
		const open: { readonly push: (text: string) => void; readonly left: Promise<void> }[] = [];
		const { asked, open: answer } = held(serve, ({ signal }) => {
			let controller!: ReadableStreamDefaultController<Uint8Array>;
			const stream = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
			const left = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
			open.push({ left, push: (text) => controller.enqueue(Buffer.from(text)) });
			return new Response(stream, { headers: { 'content-type': 'text/html' } });
		});
		const clients = await Promise.all([RawClient.open(port), RawClient.open(port), RawClient.open(port)]);
		for (const client of clients) await client.send(GET);
		await vi.waitFor(() => expect(asked()).toBe(1));
		await arrived(port);
		answer();
		// The first stream goes on for ever, and nobody waits for its end.
		await vi.waitFor(() => expect(open).toHaveLength(3));
		for (const { push } of open) push('first');
		await Promise.all(clients.map((client) => client.until(() => client.text.includes('first'))));
		for (const client of clients) client.drop();
		await Promise.all(open.map(({ left }) => left));
	});

	law('renders again for whoever waits when the client leaves for whom it was rendered', async ({ port, serve, errors }) => {
		let asked = 0;
		let aborted = 0;
		serve(({ signal }) => {
			signal.addEventListener('abort', () => aborted++);
			return ++asked === 1 ? new Promise<Response>(() => {}) : new Response('second');
		});
		const clients = await Promise.all([RawClient.open(port), RawClient.open(port), RawClient.open(port)]);
		await clients[0]!.send(GET);
		await vi.waitFor(() => expect(asked).toBe(1));
		for (const client of clients.slice(1)) await client.send(GET);
		await arrived(port);
		expect(asked).toBe(1);
		clients[0]!.drop();
		for (const client of clients.slice(1)) expect((await client.response()).body.toString()).toBe('second');
		expect([asked <= 3, aborted, errors()]).toEqual([true, 1, []]);
		for (const client of clients) client.drop();
	});

	law('renders nothing for a client that has left while it waited', async ({ port, serve }) => {
		const { asked, open } = held(serve, () => new Response('once', { headers: { 'set-cookie': 'a=1' } }));
		const [first, second] = await Promise.all([RawClient.open(port), RawClient.open(port)]);
		await first.send(GET);
		await vi.waitFor(() => expect(asked()).toBe(1));
		await second.send(GET);
		await arrived(port);
		second.drop();
		await arrived(port);
		open();
		expect((await first.response()).body.toString()).toBe('once');
		await arrived(port);
		expect(asked()).toBe(1);
		first.drop();
	});

	law('hands every request id on that has a readable form, makes up the others, and sends none', async ({ port, serve }) => {
		serve((_, { platform }) => new Response(platform.requestId, { headers: { 'set-cookie': 'a=1' } }));
		for (const [given, expected] of [
			['abc-123', /^abc-123$/],
			[' a ', /^a$/],
			['a'.repeat(128), /^a{128}$/],
			['a'.repeat(129), /^(?!a{129})/],
			['a b', /^(?!a b)/],
			['gr\u00f6\u00dfe', /^(?!gr)/]
		] as const) {
			const { body, header } = await exchange(port, request('GET /', [`X-Request-ID: ${given}`]));
			expect(body.toString()).toMatch(expected);
			expect(body.length).toBeGreaterThan(0);
			expect(header('x-request-id')).toBeUndefined();
		}
	});
}
