import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestHead } from '../../test/support/http.ts';
import { guard } from './guard.ts';
import { requestOrigin } from './ssr/address.ts';

const HOST = ['host', 'a.example'] as const;

it.each([
	[[HOST]],
	[[['host', 'a.example:8080']]],
	[[['host', '[::1]:80']]],
	[[['host', '10.0.0.1']]],
	[[HOST, ['content-length', '0']]],
	[[HOST, ['content-length', '5']]],
	[[HOST, ['transfer-encoding', 'chunked']]],
	[[HOST, ['transfer-encoding', 'Chunked']]],
	[[HOST, ['x', 'a'], ['x', 'b']]]
] as const)('lets %j through', (headers) => expect(guard(requestHead({ method: 'POST', headers }))).toBeUndefined());

it.each([
	['no host', []],
	['two hosts', [HOST, HOST]],
	['an empty host', [['host', '']]],
	['credentials in the host', [['host', 'a@b']]],
	['a path in the host', [['host', 'a/b']]],
	['a query in the host', [['host', 'a?b']]],
	['a fragment in the host', [['host', 'a#b']]],
	['a backslash in the host', [['host', 'a\\b']]],
	['a space in the host', [['host', 'a b']]],
	['a list of hosts', [['host', 'a, b']]],
	['a port that is none', [['host', 'a:b']]],
	['two lengths', [HOST, ['content-length', '3'], ['content-length', '3']]],
	['an empty length before another', [HOST, ['content-length', ''], ['content-length', '3']]],
	...['+5', '0x5', '5,5', '5, 5', '5_0', '', '-1', '5.0', '1e3', '9999999999999999', '5 5'].map(
		(length) => [`the length ${JSON.stringify(length)}`, [HOST, ['content-length', length]]] as const
	),
	...['xchunked', 'gzip, chunked', 'chunked, chunked', 'identity', 'chunked;x', '', '\tchunked'].map(
		(encoding) => [`the encoding ${JSON.stringify(encoding)}`, [HOST, ['transfer-encoding', encoding]]] as const
	),
	['two encodings', [HOST, ['transfer-encoding', 'chunked'], ['transfer-encoding', 'chunked']]],
	['length and encoding', [HOST, ['content-length', '3'], ['transfer-encoding', 'chunked']]]
] as [string, [string, string][]][])('refuses %s', (_, headers) =>
	expect(guard(requestHead({ method: 'POST', headers }))?.status).toBe(400)
);

describe('the target', () => {
	it.each(['/', '//evil/x', '/a/../b', '/a%20b', '/a%2Fb', '/%E2%82%AC', '/a;b=1,c', "/a:b@c!$&'()*+=~", '/[x]|^"{}'])(
		'may be %j',
		(path) => {
			expect(guard(requestHead({ path }))).toBeUndefined();
		}
	);

	it.each([
		'',
		'*',
		'a',
		'@evil.example/x',
		'http://evil/x',
		':80/x',
		'/\\evil',
		'/a\tb',
		'/a\0b',
		'/a b',
		'/a#b',
		'/é',
		'/%',
		'/%E0%A4%A',
		'/%c0%ae',
		'/%00',
		'/a\u007f'
	])('may not be %j', (path) => {
		expect(guard(requestHead({ path }))?.status).toBe(400);
	});

	it('may carry any query that is one', () => {
		expect(guard(requestHead({ query: 'a=1&b=%zz\\x?y' }))).toBeUndefined();
		expect(guard(requestHead({ query: 'a#b' }))?.status).toBe(400);
		expect(guard(requestHead({ query: 'a\rb' }))?.status).toBe(400);
	});
});

it('refuses methods that are none, and those that no Request carries', () => {
	for (const method of ['QUERY', 'M-SEARCH', 'PATCH']) expect(guard(requestHead({ method }))).toBeUndefined();
	for (const method of ['', 'get', 'GET ', 'G(T']) expect(guard(requestHead({ method }))?.status).toBe(400);
	for (const method of ['TRACE', 'CONNECT', 'TRACK']) expect(guard(requestHead({ method }))?.status).toBe(501);
});

it('refuses more than 16 KB of head', () => {
	expect(guard(requestHead({ headers: [HOST, ['x', 'a'.repeat(16_000)]] }))).toBeUndefined();
	expect(guard(requestHead({ headers: [HOST, ['x', 'a'.repeat(16_384)]] }))?.status).toBe(431);
	expect(
		guard(requestHead({ headers: [HOST, ...Array.from({ length: 90 }, (_, n) => [`x${n}`, 'a'.repeat(200)] as const)] }))?.status
	).toBe(431);
});

const part = fc.oneof(
	fc.string(),
	fc.string({ unit: 'binary-ascii' }),
	fc.string({ unit: fc.constantFrom('/', '\\', '@', ':', '.', '%2e', '%5c', '%00', '?', '#', 'evil', '\t', '\n', '[', ']') })
);

it('whatever the target, a URL made of what passes has the host that was configured and the path that was sent', () => {
	fc.assert(
		fc.property(part, part, (path, query) => {
			const head = requestHead({ path: `/${path}`, query });
			for (const target of [head, requestHead({ path, query })]) {
				if (guard(target)) continue;
				const url = new URL(
					`${requestOrigin({ origin: 'https://app.example', forwardedDepth: 1 }, () => '', false)}${target.path}?${target.query}`
				);
				expect(url.origin).toBe('https://app.example');
				expect(url.username + url.password + url.hash).toBe('');
			}
		}),
		{ numRuns: 2000 }
	);
});

it('whatever the Host, a URL made of one that passes has that host', () => {
	fc.assert(
		fc.property(fc.oneof(part, fc.domain()), (host) => {
			const head = requestHead({ headers: [['host', host]] });
			if (guard(head)) return;
			const text = `${requestOrigin({ forwardedDepth: 1 }, (name) => head.header(name), false)}/x`;
			if (!URL.canParse(text)) return;
			const url = new URL(text);
			expect(url.pathname + url.search + url.hash + url.username).toBe('/x');
		}),
		{ numRuns: 2000 }
	);
});
