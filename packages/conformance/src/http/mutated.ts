import { change } from '../fuzz/mutate.ts';
import type { Random } from '../fuzz/random.ts';
import { request } from './client.ts';

/** Where a mutated request may lead somebody who reads it otherwise. */
const WITHIN = request('GET /within', ['X: y']);
const CORPUS: readonly string[] = [
	request('GET /one?a=1', ['Cookie: a=1', 'Accept-Encoding: gzip, br', 'X-Forwarded-For: 1.1.1.1']) + request('GET /two'),
	request('POST /post', ['Content-Type: text/plain', `Content-Length: ${WITHIN.length}`], WITHIN) + request('GET /after'),
	request('POST /chunks', ['Transfer-Encoding: chunked'], `${WITHIN.length.toString(16)}\r\n${WITHIN}\r\n0\r\n\r\n`) +
		request('GET /after'),
	request('PUT /put', ['Content-Length: 5', 'Connection: keep-alive'], 'hello') + request('HEAD /head', ['If-None-Match: "a"'])
];
const WORDS: readonly string[] = [
	...[
		'\r\n',
		'\n',
		'\r',
		'\r\n\r\n',
		'\n\n',
		'\0',
		'\t',
		'\x0b',
		'\x0c',
		' ',
		':',
		',',
		';',
		'\xff',
		'\x85',
		'\xa0',
		'#',
		'\\',
		'%00'
	],
	...[
		'Content-Length: 0\r\n',
		'Content-Length: 5\r\n',
		'content-length:',
		'Transfer-Encoding: chunked\r\n',
		'transfer-encoding:'
	],
	...[
		'Transfer-Encoding: identity\r\n',
		'Host: b\r\n',
		' chunked',
		'x',
		'0',
		'0x',
		'+',
		'-',
		'9'.repeat(20),
		'0\r\n\r\n',
		'HTTP/1.1'
	],
	...['Expect: 100-continue\r\n', 'Connection: close\r\n', 'Upgrade: websocket\r\n', 'GET /within HTTP/1.1\r\nHost: c\r\n\r\n']
];

/** What a client sends on one connection, with something wrong in it: in a head, in how a body is framed, or between two requests. */
export function mutatedRequests(random: Random, host: string = 'a.example'): Buffer {
	return change(Buffer.from(random.pick(CORPUS).replaceAll('a.example', host), 'latin1'), random, WORDS);
}
