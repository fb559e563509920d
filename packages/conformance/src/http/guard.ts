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
	'an encoding behind a vertical tab': request('POST /', ['Transfer-Encoding: \x0bchunked'], CHUNKED),
	'an encoding behind a byte beyond ASCII': request('POST /', ['Transfer-Encoding: \xa0chunked'], CHUNKED),
	'a length before a byte beyond ASCII': request('POST /', ['Content-Length: 3\xa0'], 'abc'),
	'an encoding in quotes': request('POST /', ['Transfer-Encoding: "chunked"'], CHUNKED),
	'chunked twice in one line': request('POST /', ['Transfer-Encoding: chunked, chunked'], CHUNKED),
	'chunked and a comma': request('POST /', ['Transfer-Encoding: chunked,'], CHUNKED),
	'a comma and chunked': request('POST /', ['Transfer-Encoding: , chunked'], CHUNKED),
	'an empty encoding': request('POST /', ['Transfer-Encoding:'], CHUNKED),
	'a space before the colon of an encoding': request('POST /', ['Transfer-Encoding : chunked'], CHUNKED),
	'a space before the colon of a length': request('POST /', ['Content-Length : 3'], 'abc'),
	'two lengths in different case': request('POST /', ['Content-Length: 3', 'content-length: 3'], 'abc'),
	'a length and a NUL': request('POST /', ['Content-Length: 3\0'], 'abc'),
	'a length in parts': request('POST /', ['Content-Length: 3 3'], 'abc'),
	'the encoding identity': request('POST /', ['Transfer-Encoding: identity'], CHUNKED),
	'a folded encoding': request('POST /', ['Transfer-Encoding:', ' chunked'], CHUNKED),
	'a length and an encoding': request('POST /', ['Content-Length: 3', 'Transfer-Encoding: chunked'], CHUNKED),
	'a GET with two lengths, for a file': request('GET /hello.txt', ['Content-Length: 0', 'Content-Length: 5'], 'abcde'),
	'a space before the colon': request('GET /', ['X : a']),
	'a folded header': request('GET /', ['X: a', ' b']),
	'a NUL in a header': request('GET /', ['X: a\0b']),
	'a bare line feed in a header': request('GET /', ['X: a\nY: b']),
	'a header without a colon': request('GET /', ['Xabc']),
	'a name that is no token': request('GET /', ['X(y): a']),
	'a name beyond ASCII': request('GET /', ['X\xff: a']),
	'a first header that is folded': 'GET / HTTP/1.1\r\n Host: a.example\r\n\r\n',
	'lines that end with a bare line feed': 'GET / HTTP/1.1\nHost: a.example\n\n',
	'a tab in the request line': 'GET /\tHTTP/1.1\r\nHost: a.example\r\n\r\n',
	'a second word in the target': request('GET /a b'),
	'another version': 'GET / HTTP/1.2\r\nHost: a.example\r\n\r\n',
	'a version in lower case': 'GET / http/1.1\r\nHost: a.example\r\n\r\n',
	'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
	'the line of a proxy': 'PROXY TCP4 6.6.6.6 1.1.1.1 1 80\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n',
	'a CONNECT': request('CONNECT a.example:443'),
	'a byte beyond ASCII in the path': request('GET /\xff'),
	'a host with a space': 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
	'a list of hosts': 'GET / HTTP/1.1\r\nHost: a,b\r\n\r\n',
	'a host with a query': 'GET / HTTP/1.1\r\nHost: a?b\r\n\r\n',
	'a host with a backslash': 'GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n',
	'a host with half a bracket': 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n',
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

/** Chunked bodies that another parser may see the end of elsewhere, by what is wrong with them. */
const BAD_CHUNKS: Readonly<Record<string, string>> = {
	'a hexadecimal prefix': '0x3\r\nabc\r\n0\r\n\r\n',
	'a sign': '+3\r\nabc\r\n0\r\n\r\n',
	'a negative size': '-3\r\nabc\r\n0\r\n\r\n',
	'a space before the size': ' 3\r\nabc\r\n0\r\n\r\n',
	'an underscore': '0_3\r\nabc\r\n0\r\n\r\n',
	'no size': '\r\nabc\r\n0\r\n\r\n',
	'no number for a size': 'xyz\r\nabc\r\n0\r\n\r\n',
	'a size beyond 64 bits': '10000000000000003\r\nabc\r\n0\r\n\r\n',
	'a bare line feed behind the size': '3\nabc\r\n0\r\n\r\n',
	'a bare carriage return behind the size': '3\rabc\r\n0\r\n\r\n',
	'more bytes than its size': '3\r\nabcd\r\n0\r\n\r\n',
	'a bare line feed behind the bytes': '3\r\nabc\n0\r\n\r\n',
	'nothing behind the bytes': '3\r\nabc0\r\n\r\n',
	'a bare line feed in an extension': '3;a\nb\r\nabc\r\n0\r\n\r\n',
	'an extension of 64 KB': `3;${'a'.repeat(65_536)}\r\nabc\r\n0\r\n\r\n`
};

/** What is not even a request. A parser may go on waiting for what would make it one. */
const UNREADABLE: Readonly<Record<string, string>> = {
	'a bare carriage return in a header': request('GET /', ['X: a\rY: b']),
	'a header without a name': request('GET /', [': a']),
	'no version': 'GET /\r\nHost: a.example\r\n\r\n'
};

/** Whatever was sent before on other connections has been looked at, and answered if it ever is. */
async function lookedAt(port: number): Promise<void> {
	for (let n = 0; n < 5; n++) await exchange(port, request('GET /hello.txt'));
}

export function guardLaws(law: HttpLaw): void {
	for (const [what, text] of Object.entries(REFUSED)) {
		law(`refuses ${what}, closes, and asks nobody`, async ({ port, serve }) => {
			let asked = 0;
			serve(() => (asked++, new Response('app')));
			const client = await RawClient.open(port);
			void client.send(text);
			await client.closedAfter(/^HTTP\/1\.1 (?:4\d\d|50[15]) /);
			expect(client.text.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
			expect(asked).toBe(0);
		});
	}

	law('asks nobody about what follows a refused request, also where it is framed well', async ({ port, serve }) => {
		let asked = 0;
		serve(() => (asked++, new Response('app')));
		for (const refused of ['GET / HTTP/1.1\r\n\r\n', request('TRACE /'), request('GET /%zz'), request('GET /', ['Host: b'])]) {
			const client = await RawClient.open(port);
			void client.send(refused + request('POST /next', ['Content-Length: 1'], 'a') + request('GET /hello.txt'));
			await client.closed();
			expect(client.text.split('HTTP/1.1 ').length).toBeLessThanOrEqual(2);
		}
		expect(asked).toBe(0);
	});

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

	for (const [what, text] of Object.entries(UNREADABLE)) {
		law(`asks nobody about ${what}`, async ({ port, serve }) => {
			let asked = 0;
			serve(() => (asked++, new Response('app')));
			const client = await RawClient.open(port);
			void client.send(text);
			await lookedAt(port);
			expect([asked, client.text.replace(/^HTTP\/1\.1 4[^]*/, '')]).toEqual([0, '']);
			client.drop();
		});
	}

	for (const [what, body] of Object.entries(BAD_CHUNKS)) {
		law(`answers nothing that follows a chunk with ${what}`, async ({ port, serve }) => {
			const asked: string[] = [];
			serve(async (incoming) => {
				asked.push(new URL(incoming.url).pathname);
				await incoming.text().catch(() => '');
				return new Response('app');
			});
			const head = request('POST /first', ['Transfer-Encoding: chunked']);
			// Whatever is made of the body: the connection is not used again, for what came with it or comes later.
			const one = await RawClient.open(port);
			void one.send(`${head}${body}${request('GET /smuggled')}`);
			const two = await RawClient.open(port);
			void two.send(head + body);
			await lookedAt(port);
			void two.send(request('GET /smuggled'));
			await lookedAt(port);
			expect(asked.filter((path) => path !== '/first')).toEqual([]);
			one.drop();
			two.drop();
		});
	}

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
