import { expect } from 'vitest';
import { exchange, RawClient, request } from './client.ts';
import { pattern, SITE, type HttpLaw } from './fixture.ts';

export function staticLaws(law: HttpLaw): void {
	law('serves a file with all its headers', async ({ port }) => {
		const response = await exchange(port, request('GET /hello.txt?v=1'));
		expect([response.status, response.body.toString()]).toEqual([200, 'Hello, world!']);
		const names = ['content-type', 'content-length', 'cache-control', 'vary', 'accept-ranges', 'x-content-type-options'] as const;
		expect(names.map((name) => response.header(name))).toEqual([
			'text/plain; charset=utf-8',
			'13',
			'no-cache',
			'Accept-Encoding',
			'bytes',
			'nosniff'
		]);
		expect(response.header('etag')).toMatch(/^"[\w-]+"$/);
		expect(response.header('date')).toMatch(/ GMT$/);
		expect(response.header('transfer-encoding')).toBeUndefined();
	});

	law('does not say what it is made with', async ({ port }) => {
		for (const path of ['/hello.txt', '/app']) {
			const { lines } = await exchange(port, request(`GET ${path}`));
			expect(lines.map(([name]) => name)).not.toContain('uwebsockets');
			expect(lines.map(([name]) => name)).not.toContain('x-powered-by');
		}
	});

	law('answers HEAD like GET, without the body', async ({ port }) => {
		const client = await RawClient.open(port);
		for (const path of ['/hello.txt', '/large.dat', '/huge.dat', '/about', '/about/', SITE.healthCheckPath]) {
			await client.send(request(`GET ${path}`));
			const get = await client.response();
			await client.send(request(`HEAD ${path}`));
			const head = await client.response(true);
			expect(head.status).toBe(get.status);
			const sorted = (lines: typeof get.lines): string[] =>
				lines
					.filter(([name]) => name !== 'date')
					.map(String)
					.sort();
			expect(sorted(head.lines)).toEqual(sorted(get.lines));
		}
		expect(client.pending).toBe(0);
	});

	law('answers many requests on one connection', async ({ port }) => {
		const client = await RawClient.open(port);
		const etag = (await exchange(port, request('GET /hello.txt'))).header('etag');
		for (let n = 0; n < 3; n++) {
			for (const [headers, status] of [
				[[], 200],
				[[`If-None-Match: ${etag}`], 304],
				[['Range: bytes=7-'], 206],
				[['Range: bytes=99-'], 416]
			] as const) {
				await client.send(request('GET /hello.txt', headers));
				expect((await client.response()).status).toBe(status);
			}
		}
		expect(client.pending).toBe(0);
		client.drop();
	});

	law('answers 304 with no body and no length', async ({ port }) => {
		const etag = (await exchange(port, request('GET /hello.txt'))).header('etag');
		const response = await exchange(port, request('GET /hello.txt', [`If-None-Match: "other", W/${etag}`]));
		expect([response.status, response.header('etag'), response.header('cache-control'), response.header('vary')]).toEqual([
			304,
			etag,
			'no-cache',
			'Accept-Encoding'
		]);
		expect(response.header('content-length') ?? '0').toBe('0');
	});

	law('answers every form of condition by the rules', async ({ port }) => {
		const etag = (await exchange(port, request('GET /hello.txt'))).header('etag')!;
		for (const [condition, status] of [
			[`If-None-Match: ${etag}`, 304],
			[`If-None-Match: W/${etag}`, 304],
			[`If-None-Match: "other" , ${etag}`, 304],
			['If-None-Match: *', 304],
			['If-None-Match: "other"', 200],
			[`If-None-Match: ${etag.replaceAll('"', '')}`, 200],
			['If-None-Match: ,', 200],
			['If-None-Match: "', 200],
			['If-Modified-Since: Fri, 31 Dec 2099 23:59:59 GMT', 200],
			['If-Modified-Since: yesterday', 200],
			['If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT', 200]
		] as const) {
			for (const method of ['GET', 'HEAD']) {
				const answer = await exchange(port, request(`${method} /hello.txt`, [condition]));
				expect([method, condition, answer.status]).toEqual([method, condition, status]);
			}
		}
	});

	law('serves the encoding that the client takes', async ({ port }) => {
		const ask = async (accept: string) => {
			const { body, header } = await exchange(port, request('GET /app.js', [`Accept-Encoding: ${accept}`]));
			return [body.toString(), header('content-encoding')];
		};
		expect(await ask('gzip, deflate, br, zstd')).toEqual(['brotli', 'br']);
		expect(await ask('gzip, br;q=0')).toEqual(['gzip gzip', 'gzip']);
		expect(await ask('deflate')).toEqual(['console.log("app, uncompressed");', undefined]);
	});

	law('marks what never changes', async ({ port }) => {
		expect((await exchange(port, request('GET /_app/immutable/x.js'))).header('cache-control')).toBe(
			'public, max-age=31536000, immutable'
		);
	});

	law('serves ranges of files in memory and on disk', async ({ port }) => {
		for (const [path, size] of [
			['/large.dat', SITE.client['large.dat']!.length],
			['/huge.dat', SITE.client['huge.dat']!.length]
		] as const) {
			const { status, body, header } = await exchange(port, request(`GET ${path}`, ['Range: bytes=1000000-1999999']));
			expect([status, header('content-range'), header('content-length')]).toEqual([
				206,
				`bytes 1000000-1999999/${size}`,
				'1000000'
			]);
			expect(body.equals(pattern(2_000_000).subarray(1_000_000))).toBe(true);
		}
	});

	law('answers every form of range by the rules, in memory and on disk', async ({ port, publish }) => {
		await publish({ 'memory.dat': pattern(1000), 'disk.dat': pattern(SITE.memoryCap + 1) });
		for (const [path, size] of [
			['/memory.dat', 1000],
			['/disk.dat', SITE.memoryCap + 1]
		] as const) {
			const ask = (...headers: readonly string[]) => exchange(port, request(`GET ${path}`, headers));
			const whole = await ask();
			const etag = whole.header('etag')!;
			for (const [range, start, end] of [
				['bytes=0-0', 0, 0],
				['bytes=990-', 990, size - 1],
				['bytes=-1', size - 1, size - 1],
				['bytes=-99999999999', 0, size - 1],
				['Bytes=5-99999999999', 5, size - 1]
			] as const) {
				const { status, header, body } = await ask(`Range: ${range}`, 'Accept-Encoding: br, gzip');
				expect([status, header('content-range'), header('etag')]).toEqual([206, `bytes ${start}-${end}/${size}`, etag]);
				expect(body.equals(whole.body.subarray(start, end + 1))).toBe(true);
			}
			for (const range of [
				'bytes=0-1,3-4',
				'bytes=0-0,0-0,0-0',
				'bytes=5-2',
				'bytes=-0',
				'bytes=-',
				'items=0-1',
				'bytes=a-b',
				'0-1'
			]) {
				const { status, body } = await ask(`Range: ${range}`);
				expect([range, status, body.length]).toEqual([range, 200, size]);
			}
			for (const range of [`bytes=${size}-`, 'bytes=9999999999999999999-']) {
				const { status, header, body } = await ask(`Range: ${range}`);
				expect([status, header('content-range'), body.length]).toEqual([416, `bytes */${size}`, 0]);
			}
			for (const [condition, status] of [
				[etag, 206],
				[`W/${etag}`, 200],
				['"other"', 200],
				['Tue, 24 Nov 2026 12:00:00 GMT', 200],
				['yesterday', 200]
			] as const)
				expect([condition, (await ask('Range: bytes=0-0', `If-Range: ${condition}`)).status]).toEqual([condition, status]);
			expect((await ask('Range: bytes=0-0', `If-None-Match: ${etag}`)).status).toBe(304);
		}
	});

	law('serves names with spaces and letters of any language, archives, and .well-known', async ({ port, publish }) => {
		await publish({
			'a b/gr\u00f6\u00dfe & m\u00e9hr+.txt': 'name',
			'.well-known/security.txt': 'known',
			'.env': 'secret',
			'a.tar.gz': 'archive',
			'b.br': 'no sibling'
		});
		for (const [path, text] of [
			['/a%20b/gr%C3%B6%C3%9Fe%20&%20m%c3%a9hr+.txt', 'name'],
			['/a%20b/gr%C3%B6%C3%9Fe%20%26%20m%C3%A9hr%2B.txt', 'name'],
			['/.well-known/security.txt', 'known'],
			['/a.tar.gz', 'archive'],
			['/b.br', 'no sibling'],
			// The first app answers what is no file.
			['/.env', 'app'],
			['/a%2520b/x', 'app'],
			['/a%20b%2Fgr%C3%B6%C3%9Fe%20&%20m%C3%A9hr+.txt', 'app']
		] as const) {
			const { body, header } = await exchange(port, request(`GET ${path}`, ['Accept-Encoding: gzip, br']));
			expect([path, body.toString(), header('content-encoding')]).toEqual([path, text, undefined]);
		}
		expect((await exchange(port, request('GET /a.tar.gz'))).header('content-disposition')).toBeUndefined();
		expect((await exchange(port, request('GET /%ff'))).status).toBe(400);
	});

	law('weighs the encodings that a client names, and falls back to the file itself', async ({ port }) => {
		for (const [accept, encoding] of [
			['br;q=0.001, gzip;q=1', 'br'],
			['br;q=0.000, gzip;q=0.1', 'gzip'],
			['BR;Q=1', 'br'],
			['gzip ; q=1', 'gzip'],
			['*;q=0, gzip', 'gzip'],
			['identity;q=0, br', 'br'],
			['identity;q=0', undefined],
			['*', undefined],
			['brotli, xgzip', undefined],
			['br;q=0, gzip;q=0', undefined],
			['gzip;q=nonsense', undefined]
		] as const) {
			const { status, header } = await exchange(port, request('GET /app.js', [`Accept-Encoding: ${accept}`]));
			expect([accept, status, header('content-encoding')]).toEqual([accept, 200, encoding]);
			expect(header('vary')).toBe('Accept-Encoding');
		}
	});

	law('serves large files whole, however slowly they are read', async ({ port }) => {
		for (const path of ['large.dat', 'huge.dat']) {
			const client = await RawClient.open(port);
			client.pause();
			await client.send(request(`GET /${path}`));
			// Others are served while this one does not read.
			expect((await exchange(port, request('GET /hello.txt'))).status).toBe(200);
			client.resume();
			const { body, header } = await client.response();
			expect(header('transfer-encoding')).toBeUndefined();
			expect(body.equals(SITE.client[path] as Uint8Array)).toBe(true);
			await client.send(request('GET /hello.txt'));
			expect((await client.response()).body.toString()).toBe('Hello, world!');
			client.drop();
		}
	});

	law('survives clients that leave in the middle of a file', async ({ port, errors }) => {
		for (const path of ['large.dat', 'huge.dat']) {
			const client = await RawClient.open(port);
			await client.send(request(`GET /${path}`));
			await client.until(() => client.pending > 0);
			client.drop();
		}
		expect((await exchange(port, request('GET /hello.txt'))).status).toBe(200);
		expect(errors()).toEqual([]);
	});

	law('serves pages at their clean paths and redirects to them', async ({ port }) => {
		expect((await exchange(port, request('GET /about'))).body.toString()).toBe('<p>about</p>');
		expect((await exchange(port, request('GET /docs/'))).body.toString()).toBe('<p>docs</p>');
		for (const [path, location] of [
			['/about/?a=1', '/about?a=1'],
			['/docs', '/docs/']
		] as const) {
			const response = await exchange(port, request(`GET ${path}`));
			expect([response.status, response.header('location'), response.header('content-length')]).toEqual([308, location, '0']);
		}
	});

	law('answers the health check before anything else', async ({ port }) => {
		const response = await exchange(port, request(`GET ${SITE.healthCheckPath}`));
		expect([response.status, response.body.toString()]).toEqual([200, 'OK']);
	});

	law('leaves what is no file, and every other method, to the app', async ({ port, serve }) => {
		serve((incoming) => new Response(`${incoming.method} ${new URL(incoming.url).pathname}`));
		const { body } = await exchange(port, request('GET /mit%20leer.txt'));
		expect(body.toString()).toBe('space');
		for (const line of [
			'POST /hello.txt',
			'QUERY /hello.txt',
			'GET /hello',
			'GET /../package.json',
			'GET /%2e%2e/%2e%2e/etc/passwd',
			'GET /about.html',
			'GET /app.js.br'
		]) {
			const [method, path] = line.split(' ') as [string, string];
			expect((await exchange(port, request(line))).body.toString()).toBe(`${method} ${new URL(path, 'http://a').pathname}`);
		}
	});
}
