import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { expect, vi } from 'vitest';
import { exchange, RawClient, request, type RawResponse } from './client.ts';
import type { HttpLaw } from './fixture.ts';

const PAGE = '<p>The same words again and again.</p>'.repeat(100);
const HTML = { 'content-type': 'text/html; charset=utf-8' };

const decode: Readonly<Record<string, (body: Buffer) => Buffer>> = {
	br: (body) => zlib.brotliDecompressSync(body),
	zstd: (body) => zlib.zstdDecompressSync(body),
	gzip: (body) => zlib.gunzipSync(body)
};

/** What the app answers, compressed as it goes out. */
export function compressionLaws(law: HttpLaw): void {
	const ask = (port: number, accept: string, ...more: readonly string[]): Promise<RawResponse> =>
		exchange(port, request('GET /', [`Accept-Encoding: ${accept}`, ...more]));

	law('compresses text with what the client takes: br, then zstd, then gzip', async ({ port, serve }) => {
		for (const text of [PAGE, PAGE.repeat(100)]) {
			serve(() => new Response(text, { headers: { ...HTML, etag: '"page"', 'content-length': String(text.length) } }));
			for (const [accept, coding] of [
				['gzip, deflate, br, zstd', 'br'],
				['gzip, zstd', 'zstd'],
				['gzip;q=0.5, br;q=0', 'gzip'],
				['GZIP', 'gzip']
			] as const) {
				const { header, body } = await ask(port, accept);
				expect([header('content-encoding'), header('vary'), header('etag'), header('content-type')]).toEqual([
					coding,
					'Accept-Encoding',
					'W/"page"',
					'text/html; charset=utf-8'
				]);
				expect(header('content-length')).toBe(String(body.length));
				expect(body.length).toBeLessThan(text.length / 5);
				expect(decode[coding]!(body).toString()).toBe(text);
			}
		}
	});

	law(
		'sends text as it is to clients that take no encoding, and tells caches that others get another',
		async ({ port, serve }) => {
			serve(() => new Response(PAGE, { headers: { ...HTML, etag: '"page"' } }));
			for (const accept of ['identity', 'br;q=0, gzip;q=0.0, zstd;q=0', 'deflate', '*', 'br;q=x', '']) {
				const { header, body } = await ask(port, accept);
				expect([header('content-encoding'), header('vary'), header('etag'), body.toString()]).toEqual([
					undefined,
					'Accept-Encoding',
					'"page"',
					PAGE
				]);
			}
		}
	);

	law('adds to Vary what is missing there', async ({ port, serve }) => {
		for (const [vary, expected] of [
			['Accept', 'Accept, Accept-Encoding'],
			['accept-encoding, Accept', 'accept-encoding, Accept'],
			['*', '*']
		] as const) {
			serve(() => new Response(PAGE, { headers: { ...HTML, vary } }));
			const { header } = await ask(port, 'gzip');
			expect([header('vary'), header('content-encoding')]).toEqual([expected, 'gzip']);
		}
	});

	law('compresses nothing for requests with cookies or credentials', async ({ port, serve }) => {
		serve(() => new Response(PAGE, { headers: HTML }));
		for (const line of ['Cookie: a=1', 'Authorization: Bearer x']) {
			const { header, body } = await ask(port, 'br, gzip', line);
			expect([header('content-encoding'), body.toString()]).toEqual([undefined, PAGE]);
		}
	});

	law('leaves alone what is small, no text, encoded already, partial, or not to be touched', async ({ port, serve }) => {
		for (const [text, init] of [
			['a'.repeat(1023), { headers: HTML }],
			[PAGE, { headers: { 'content-type': 'image/png' } }],
			[PAGE, { headers: { 'content-type': 'text/event-stream' } }],
			[PAGE, { headers: { ...HTML, 'content-encoding': 'x-own' } }],
			[PAGE, { headers: { ...HTML, 'cache-control': 'public, no-transform' } }],
			[PAGE, { headers: HTML, status: 206 }],
			[randomBytes(2000).toString('latin1'), { headers: HTML }]
		] as const) {
			serve(() => new Response(Buffer.from(text, 'latin1'), init));
			const { header, body } = await ask(port, 'br, gzip');
			expect([header('content-encoding'), body.toString('latin1')]).toEqual([
				(init.headers as Record<string, string>)['content-encoding'],
				text
			]);
		}
	});

	law('compresses a text of exactly 1 KB, of any of the types that are text', async ({ port, serve }) => {
		for (const type of ['application/json', 'TEXT/CSV;x=y', 'image/svg+xml', 'application/ld+json', 'text/markdown']) {
			serve(() => new Response('a'.repeat(1024), { headers: { 'content-type': type } }));
			expect((await ask(port, 'gzip')).header('content-encoding')).toBe('gzip');
		}
	});

	law('holds no stream of text back to compress it', async ({ port, serve }) => {
		let controller!: ReadableStreamDefaultController<Uint8Array>;
		serve(() => {
			const stream = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
			controller.enqueue(Buffer.from(PAGE));
			return new Response(stream, { headers: HTML });
		});
		const client = await RawClient.open(port);
		await client.send(request('GET /', ['Accept-Encoding: br, gzip']));
		await client.until(() => client.text.includes(PAGE));
		controller.enqueue(Buffer.from('more'));
		await client.until(() => client.text.includes('more'));
		controller.close();
		const { body, header } = await client.response();
		expect([body.toString(), header('content-encoding')]).toEqual([`${PAGE}more`, undefined]);
		client.drop();
	});

	law('hands on a stream that breaks before it begins, and one that breaks later', async ({ port, serve, errors }) => {
		for (const first of ['', PAGE]) {
			serve(
				() =>
					new Response(
						new ReadableStream<Uint8Array>({
							async pull(controller) {
								if (first) controller.enqueue(Buffer.from(first));
								await new Promise(setImmediate);
								controller.error(new Error('broken'));
							}
						}),
						{ headers: HTML }
					)
			);
			const client = await RawClient.open(port);
			await client.send(request('GET /', ['Accept-Encoding: br', 'Connection: close']));
			await client.closed();
			expect(client.text).toMatch(first ? /^HTTP\/1\.1 200 (?![^]*\r\n0\r\n\r\n$)|^$/ : /^HTTP\/1\.1 500 /);
		}
		await vi.waitFor(() => expect(errors().filter((line) => line.includes('broken'))).toHaveLength(2));
	});
}
