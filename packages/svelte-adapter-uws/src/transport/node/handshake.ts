import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { UpgradeRequest } from '../../contract/transport.ts';
import { normalizeAddress } from '../shared/address.ts';
import { refusalHeaders, type Refusal } from '../shared/handshake.ts';

/** How long a client may take to go away after it was refused. */
const LINGER_MS = 5_000;

/** A handshake of a node server. `signal` is made when somebody asks for it. */
export class NodeHandshake implements UpgradeRequest {
	readonly url: string;
	readonly remoteAddress: string;
	readonly #request: IncomingMessage;
	#headers: Record<string, string> | undefined;
	#abort: AbortController | undefined;
	#aborted = false;

	constructor(request: IncomingMessage) {
		this.#request = request;
		this.url = request.url ?? '/';
		this.remoteAddress = normalizeAddress(request.socket.remoteAddress ?? '');
	}

	readonly header = (name: string): string => headerOf(this.#request, name);

	get headers(): Readonly<Record<string, string>> {
		if (this.#headers) return this.#headers;
		const headers = Object.create(null) as Record<string, string>;
		for (const name of Object.keys(this.#request.headersDistinct)) headers[name] = this.header(name);
		return (this.#headers = headers);
	}

	get signal(): AbortSignal {
		this.#abort ??= new AbortController();
		if (this.#aborted) this.#abort.abort();
		return this.#abort.signal;
	}

	abort(): void {
		this.#aborted = true;
		this.#abort?.abort();
	}
}

/** One header as the contract wants it: repeated lines joined, `''` when there is none. */
export function headerOf(request: IncomingMessage, name: string): string {
	const lines = request.headersDistinct[name];
	if (!lines) return '';
	return lines.length === 1 ? lines[0]! : lines.join(name === 'cookie' ? '; ' : ', ');
}

/** Answers a handshake with an ordinary response and ends the connection once the client has read it. */
export function refuse(raw: Duplex, refusal: Refusal): void {
	if (raw.destroyed) return;
	const { status, body } = refusal;
	const lines = refusalHeaders(refusal).map(([name, value]) => `${name}: ${value}\r\n`);
	const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${lines.join('')}\r\n`;
	raw.end(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]));
	// What is left unread would take the answer away from the client.
	raw.resume();
	const timer = setTimeout(() => raw.destroy(), LINGER_MS).unref();
	raw.once('close', () => clearTimeout(timer));
}
