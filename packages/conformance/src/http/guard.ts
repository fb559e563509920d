import { expect } from 'vitest';
import { exchange, RawClient, request } from './client.ts';
import type { HttpLaw } from './fixture.ts';

const CHUNKED = '3\r\nabc\r\n0\r\n\r\n';

/** Requests that another parser may read differently, by what is wrong with them. */
const REFUSED: Readonly<Record<string, string>> = {
	'two hosts': request('GET /', ['Host: b.example']),
	'no host': 'GET / HTTP/1.1\r\n\r\n',
	'an empty host': 'GET / HTTP/1.1\r\nHost:\r\n\r\n',
	'a host with credentials': 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n',
	'a host with a path': 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
	'two different lengths': request('POST /', ['Content-Length: 3', 'Content-Length: 4'], 'abc'),
	'two equal lengths': request('POST /', ['Content-Length: 3', 'Content-Length: 3'], 'abc'),
	'an empty length before a length': request('POST /', ['Content-Length:', 'Content-Length: 3'], 'abc'),
	'a signed length': request('POST /', ['Content-Length: +3'], 'abc'),
	'a negative length': request('POST /', ['Content-Length: -3'], 'abc'),
	'a hexadecimal length': request('POST /', ['Content-Length: 0x3'], 'abc'),
	'a list of lengths': request('POST /', ['Content-Length: 3,3'], 'abc'),
	'a length with an underscore': request('POST /', ['Content-Length: 3_0'], 'abc'),
	'an empty length': request('POST /', ['Content-Length:'], 'abc'),
	'a length beyond all bounds': request('POST /', ['Content-Length: 99999999999999999999'], 'abc'),
	'an encoding that ends like chunked': request('POST /', ['Transfer-Encoding: xchunked'], CHUNKED),
	'an encoding that starts like chunked': request('POST /', ['Transfer-Encoding: chunked;x'], CHUNKED),
	'an encoding before chunked': request('POST /', ['Transfer-Encoding: gzip, chunked'], CHUNKED),
	'two encodings': request('POST /', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], CHUNKED),
	'the encoding identity': request('POST /', ['Transfer-Encoding: identity'], CHUNKED),
	'a folded encoding': request('POST /', ['Transfer-Encoding:', ' chunked'], CHUNKED),
	'a length and an encoding': request('POST /', ['Content-Length: 3', 'Transfer-Encoding: chunked'], CHUNKED),
	'a GET with two lengths, for a file': request('GET /hello.txt', ['Content-Length: 0', 'Content-Length: 5'], 'abcde'),
	'a space before the colon': request('GET /', ['X : a']),
	'a folded header': request('GET /', ['X: a', ' b']),
	'a NUL in a header': request('GET /', ['X: a\0b']),
	'a bare line feed in a header': request('GET /', ['X: a\nY: b']),
	'a NUL in the path': request('GET /a\0b'),
	'an encoded NUL in the path': request('GET /a%00b'),
	'a backslash in the path': request('GET /\\evil.example/x'),
	'a tab in the path': request('GET /a\tb'),
	'a fragment in the path': request('GET /a#b'),
	'malformed percent-encoding': request('GET /%E0%A4%A'),
	'overlong UTF-8': request('GET /%c0%ae%c0%ae/x'),
	'an absolute target with another host': request('GET http://evil.example/x'),
	'a target without a slash': request('GET @evil.example/x'),
	'an asterisk': request('OPTIONS *'),
	'a method in lower case': request('get /'),
	'a TRACE': request('TRACE /'),
	'a head over 16 KB': request('GET /', [`X: ${'a'.repeat(17_000)}`])
};

export function guardLaws(law: HttpLaw): void {
	for (const [what, text] of Object.entries(REFUSED)) {
		law(`refuses ${what}, closes, and asks nobody`, async ({ port, serve }) => {
			let asked = 0;
			serve(() => (asked++, new Response('app')));
			const client = await RawClient.open(port);
			void client.send(text);
			await client.closed();
			expect(client.text).toMatch(/^HTTP\/1\.1 (?:4\d\d|50[15]) /);
			expect(client.text.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
			expect(asked).toBe(0);
		});
	}

	law('never answers what follows a refused request', async ({ port, serve }) => {
		let asked = 0;
		serve(() => (asked++, new Response('app')));
		for (const headers of [['Content-Length: 3', 'Content-Length: 40'], ['Transfer-Encoding: xchunked'], ['Content-Length:']]) {
			const client = await RawClient.open(port);
			void client.send(request('POST /', headers, `abc${request('GET /smuggled')}`));
			await client.closed();
			expect(client.text).not.toMatch(/ 200 /);
		}
		expect(asked).toBe(0);
	});

	law('keeps the host of a URL whatever the path', async ({ port, serve }) => {
		serve((incoming) => Response.json(incoming.url));
		for (const path of [
			'//evil.example/x',
			'/@evil.example',
			'/:80',
			'/a/..//evil.example',
			'/%5cevil.example',
			'/?@evil.example'
		]) {
			const { body } = await exchange(port, request(`GET ${path}`));
			expect(new URL(JSON.parse(body.toString()) as string).host).toBe('a.example');
		}
	});

	law('believes no header about host, scheme or address that nobody configured', async ({ port, serve }) => {
		serve((incoming, { getClientAddress }) => Response.json([incoming.url, getClientAddress()]));
		const spoofed = [
			'X-Forwarded-Host: evil',
			'X-Forwarded-Proto: https',
			'X-Forwarded-For: 6.6.6.6',
			'Forwarded: for=6.6.6.6;host=evil',
			'X-Real-IP: 6.6.6.6'
		];
		const { body } = await exchange(port, request('GET /x', spoofed));
		expect(JSON.parse(body.toString())).toEqual(['http://a.example/x', '127.0.0.1']);
	});

	law('takes heads of up to 16 KB', async ({ port }) => {
		expect((await exchange(port, request('GET /', [`Cookie: a=${'b'.repeat(12_000)}`]))).status).toBe(200);
	});
}
