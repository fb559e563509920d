import type { RequestHead } from '../contract/http.ts';

/** Why nobody may answer a request. The connection ends with the refusal, because its framing cannot be trusted. */
export interface Refusal {
	readonly status: 400 | 431 | 501;
	readonly reason: string;
}

const MAX_HEAD_BYTES = 16_384;
const METHOD = /^[A-Z][A-Z-]*$/;
/** Printable ASCII but `#` and `\`, which a URL parser would read as something else. */
const PATH = /^\/[!"$-[\]-~]*$/;
/** Printable ASCII but `#`. */
const QUERY = /^[!"$-~]*$/;
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
const LENGTH = /^\d{1,15}$/;
/** Methods that a `Request` cannot carry. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/**
 * Refuses what another parser in front of this one could have read differently: repeated or malformed Host, Content-Length
 * or Transfer-Encoding, both lengths at once, over 16 KB of head, and targets that do not mean one path. `undefined` = fine.
 */
export function guard(head: RequestHead): Refusal | undefined {
	const { headers, method, path, query } = head;
	let bytes = method.length + path.length + query.length;
	let host: string | undefined;
	let length: string | undefined;
	let encoding: string | undefined;
	for (let index = 0; index < headers.length; index++) {
		const name = headers[index]![0];
		const value = headers[index]![1];
		bytes += name.length + value.length + 4;
		if (name === 'host') {
			if (host !== undefined) return bad('Host is sent more than once');
			host = value;
		} else if (name === 'content-length') {
			if (length !== undefined) return bad('Content-Length is sent more than once');
			length = value;
		} else if (name === 'transfer-encoding') {
			if (encoding !== undefined) return bad('Transfer-Encoding is sent more than once');
			encoding = value;
		}
	}
	if (bytes > MAX_HEAD_BYTES) return { status: 431, reason: 'The request head is larger than 16 KB' };
	if (host === undefined || !HOST.test(host)) return bad('Host is missing or malformed');
	if (length !== undefined && !LENGTH.test(length)) return bad('Content-Length is not a whole number');
	if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') return bad('Transfer-Encoding is not chunked');
	if (length !== undefined && encoding !== undefined) return bad('Content-Length and Transfer-Encoding exclude each other');
	if (!METHOD.test(method)) return bad('The method is malformed');
	if (!PATH.test(path) || !QUERY.test(query)) return bad('The request target is malformed');
	if (path.includes('%') && !isDecodable(path)) return bad('The path is not valid percent-encoding');
	return UNSUPPORTED.has(method) ? { status: 501, reason: `${method} is not supported` } : undefined;
}

/** Whether a host, with or without a port, holds nothing that a URL parser could take for another part of the URL. */
export function isHost(text: string): boolean {
	return HOST.test(text);
}

function bad(reason: string): Refusal {
	return { status: 400, reason };
}

function isDecodable(path: string): boolean {
	try {
		return !decodeURIComponent(path).includes('\0');
	} catch {
		return false;
	}
}
