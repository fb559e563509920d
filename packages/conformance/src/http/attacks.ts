import { randomInt } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { seeded } from '../fuzz/random.ts';
import { exchange, RawClient, request } from './client.ts';
import { pattern, type HttpLaw } from './fixture.ts';
import { framed } from './framing.ts';
import { mutatedRequests } from './mutated.ts';

/** The head of version 2 of the protocol by which a proxy tells an address: 6.6.6.6 to 1.1.1.1. */
const PROXY_V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000c060606060101010100500050', 'hex').toString('latin1');
/** The first bytes of a TLS handshake. */
const TLS_HELLO = Buffer.from('16030100c8010000c40303', 'hex').toString('latin1') + '\0'.repeat(200);

/** Gaps of an engine that have laws of their own. */
const KNOWN = /^:|^(?:content-length|transfer-encoding):.*[\x80-\xff]/im;
const MUTATIONS = 300;

/** Paths that lead elsewhere for whoever decodes them twice, folds their case or trims them. */
const ODD_PATHS: readonly string[] = [
	...['/../hello.txt', '/a/../../etc/passwd', '/%2e%2e/hello.txt', '/%2e%2e%2fhello.txt', '/..%2f..%2fetc%2fpasswd', '/./a/'],
	...[
		'/%252e%252e%252fhello.txt',
		'/%2568ello.txt',
		'//hello.txt',
		'/hello.txt/',
		'/hello.txt.',
		'/hello.txt%20',
		'/%20hello.txt'
	],
	...[
		'/HELLO.TXT',
		'/hello%2etxt/',
		'/a%5c..%5chello.txt',
		'/hello.txt;x',
		'/hello.txt%3fx',
		'/hello.txt%23',
		'/_app/immutable%2fx.js'
	],
	...[
		'/app.js.br',
		'/app.js.gz',
		'/about.html',
		'/docs/index.html',
		'/docs%2f',
		`/${'a'.repeat(8_000)}`,
		`/${'../'.repeat(500)}etc/passwd`
	]
];

/** A target as a URL shows it: without dots. */
function normalized(target: string): string {
	const { pathname, search } = new URL(`http://a.example${target}`);
	return pathname + search;
}

/** What breaks into servers, runs them out of something, or makes of one request another. */
export function attackLaws(law: HttpLaw): void {
	law('asks the app about nothing but what was sent, whatever is wrong with it', async ({ port, serve }) => {
		const seed = randomInt(2 ** 32);
		const random = seeded(seed);
		for (let done = 0; done < MUTATIONS; done++) {
			const text = mutatedRequests(random).toString('latin1');
			if (KNOWN.test(text)) continue;
			const asked: { method: string; url: string; body?: string }[] = [];
			serve(async (incoming) => {
				const entry: (typeof asked)[number] = { method: incoming.method, url: incoming.url };
				asked.push(entry);
				entry.body = Buffer.from(await incoming.arrayBuffer()).toString('latin1');
				return new Response('app');
			});
			const client = await RawClient.open(port);
			await client.send(text);
			await exchange(port, request('GET /hello.txt'));
			client.end();
			await client.closed();

			const story = JSON.stringify([seed, text, asked, framed(text)]);
			const left = framed(text);
			for (const { method, url, body = '' } of asked) {
				const path = /^http:\/\/[^/]+(.*)$/.exec(url)?.[1];
				// Who sends the next request too early may lose the answer to the one before.
				while (left.length > 0 && !(left[0]!.method === method && normalized(left[0]!.target) === path)) left.shift();
				const other = left.shift();
				expect(other, story).toBeDefined();
				if (body !== '' && other?.body !== undefined) expect(body, story).toBe(other.body);
			}
		}
	});

	law('serves a file at its own path alone', async ({ port, serve }) => {
		const asked: string[] = [];
		serve(({ url }) => (asked.push(url), new Response('app')));
		for (const path of ODD_PATHS) {
			const { status, body } = await exchange(port, request(`GET ${path}`));
			expect([path, status, status === 200 ? body.toString() : '']).toEqual([path, 200, 'app']);
		}
		expect(asked).toEqual(ODD_PATHS.map((path) => `http://a.example${normalized(path)}`));
	});

	law('believes no line before the request, and survives what is no HTTP', async ({ port, serve }) => {
		const asked: string[] = [];
		serve((_, client) => (asked.push(client.getClientAddress()), new Response('app')));
		for (const text of [
			PROXY_V2 + request('GET /'),
			TLS_HELLO,
			'\0'.repeat(1000),
			'\r\n'.repeat(1000),
			'SSH-2.0-a\r\n',
			'*1\r\n$4\r\nPING\r\n'
		]) {
			const client = await RawClient.open(port);
			await client.send(text);
			expect((await exchange(port, request('GET /hello.txt'))).status).toBe(200);
			client.end();
			await client.closed();
		}
		expect(asked.filter((address) => address !== '127.0.0.1')).toEqual([]);
	});

	law('looks at every line of a head, or refuses it', async ({ port, serve }) => {
		let asked = 0;
		serve(() => (asked++, new Response('app')));
		for (const count of [90, 99, 500, 1_999, 2_001, 3_200]) {
			const many = Array.from({ length: count }, () => 'a:b');
			for (const last of ['Host: b.example', 'Content-Length: +1', 'Transfer-Encoding: identity']) {
				const { status, header } = await exchange(port, request('GET /x', [...many, last]));
				expect([count, last, status, header('connection')]).toEqual([
					count,
					last,
					expect.toSatisfy((code) => code === 400 || code === 431),
					'close'
				]);
			}
		}
		expect(asked).toBe(0);
	});

	law('hands on a compressed body as it came', async ({ port, serve }) => {
		serve(async (incoming) =>
			Response.json([incoming.headers.get('content-encoding'), (await incoming.arrayBuffer()).byteLength])
		);
		// A thousand times as large once somebody inflates it.
		const bomb = gzipSync(Buffer.alloc(20_000_000));
		const client = await RawClient.open(port);
		await client.send(request('POST /', ['Content-Encoding: gzip', `Content-Length: ${bomb.length}`]));
		await client.send(bomb);
		expect((await client.response()).body.toString()).toBe(JSON.stringify(['gzip', bomb.length]));
		client.drop();
	});

	law('goes on while hundreds of clients keep it waiting', async ({ port, serve }) => {
		serve(async (incoming) => new Response(await incoming.text()));
		const beginnings = [
			'',
			'G',
			'GET / HTTP/1.1\r\nHost: a',
			request('POST /', ['Content-Length: 100'], 'a'),
			request('POST /', ['Transfer-Encoding: chunked'], '5\r\na')
		];
		const waiting = await Promise.all(Array.from({ length: 400 }, () => RawClient.open(port)));
		await Promise.all(waiting.map((client, index) => client.send(beginnings[index % beginnings.length]!)));
		for (let n = 0; n < 20; n++)
			expect((await exchange(port, request('POST /', ['Content-Length: 5'], 'hello'))).body.toString()).toBe('hello');
		for (const client of waiting) client.drop();
	});

	law('answers hundreds of requests that were sent at once, in order', async ({ port, serve }) => {
		serve(async ({ url }) => (await new Promise(setImmediate), new Response(new URL(url).pathname)));
		const client = await RawClient.open(port);
		await client.send(Array.from({ length: 500 }, (_, n) => request(`GET /${n}`)).join(''));
		for (let n = 0; n < 500; n++) expect((await client.response()).body.toString()).toBe(`/${n}`);
		client.drop();
	});

	law('keeps few of the answers that a client asks for and never takes', async ({ port, publish }) => {
		await publish({ 'a.dat': pattern(15_000), 'b.dat': pattern(60_000) });
		// All at once, and each in a packet of its own: 360 MB and 150 MB of answers.
		const all = [request('GET /b.dat').repeat(6000), ...Array.from({ length: 10_000 }, () => request('GET /a.dat'))];
		const before = process.memoryUsage.rss();
		const clients = [await RawClient.open(port), await RawClient.open(port)];
		for (const client of clients) client.pause();
		for (const [index, text] of all.entries()) {
			void clients[Math.min(index, 1)]!.send(text);
			if (index % 4 === 0) await new Promise(setImmediate);
		}
		expect((await exchange(port, request('GET /a.dat'))).body.length).toBe(15_000);
		expect((process.memoryUsage.rss() - before) / 1_048_576).toBeLessThan(100);
		for (const client of clients) client.drop();
	});

	law('sends no body for a HEAD that has one, and reads on behind it', async ({ port, serve }) => {
		serve(({ method, body }) => new Response(`${method} ${body === null}`));
		const client = await RawClient.open(port);
		await client.send(request('HEAD /', ['Content-Length: 5'], 'hello'));
		expect(await client.response(true)).toMatchObject({ status: 200 });
		await client.send(request('GET /'));
		expect((await client.response()).body.toString()).toBe('GET true');
		client.drop();
	});
}
