import { parseCookie } from 'cookie';
import type { UpgradeContext } from '../contract/hooks.ts';
import type { UpgradeRequest } from '../contract/transport.ts';
import type { ServerOptions } from './parts.ts';

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Takes an inbound `X-Request-ID` of 1 to 128 printable characters; `undefined` for any other. */
export function readRequestId(header: string): string | undefined {
	const id = header.trim();
	return REQUEST_ID.test(id) ? id : undefined;
}

/** What the `upgrade` hook sees. Nothing is parsed before it is read. */
export class Handshake implements UpgradeContext {
	readonly #request: UpgradeRequest;
	readonly #options: Pick<ServerOptions, 'clientAddress'>;
	readonly #randomId: () => string;
	#cookies: Readonly<Record<string, string>> | undefined;
	#requestId: string | undefined;

	constructor(request: UpgradeRequest, options: Pick<ServerOptions, 'clientAddress'>, randomId: () => string) {
		this.#request = request;
		this.#options = options;
		this.#randomId = randomId;
		this.#requestId = readRequestId(request.header('x-request-id'));
	}

	get headers(): Readonly<Record<string, string>> {
		return this.#request.headers;
	}

	get cookies(): Readonly<Record<string, string>> {
		return (this.#cookies ??= readCookies(this.#request.header('cookie')));
	}

	get url(): string {
		return this.#request.url;
	}

	get remoteAddress(): string {
		return this.#options.clientAddress(this.#request);
	}

	get requestId(): string {
		return (this.#requestId ??= this.#randomId());
	}

	/** The id, if the client sent one or somebody has asked for it. */
	get knownRequestId(): string | undefined {
		return this.#requestId;
	}
}

/** Cookies without a prototype. The last of several with one name wins; a value that does not decode stays as it is. */
export function readCookies(header: string): Readonly<Record<string, string>> {
	const cookies = Object.create(null) as Record<string, string>;
	if (header === '') return cookies;
	// One by one, because of several cookies with one name the parser keeps the first.
	for (const pair of header.split(';')) {
		for (const [name, value] of Object.entries(parseCookie(pair, { decode }))) if (value !== undefined) cookies[name] = value;
	}
	return cookies;
}

function decode(value: string): string {
	const bare = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
	try {
		return decodeURIComponent(bare);
	} catch {
		return bare;
	}
}
