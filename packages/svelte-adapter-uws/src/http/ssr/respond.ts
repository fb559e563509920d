import type { Answer, Recipient, RequestHead } from '../../contract/http.ts';
import type { Log } from '../../contract/log.ts';
import { requestId } from '../request-id.ts';
import { clientAddress, OriginError, requestOrigin, type ProxyConfig } from './address.ts';
import { isWholeResponse, takeBytes } from './app-response.ts';
import { encode } from './encode.ts';
import { readRequest } from './read-request.ts';
import { SharedRenders, type Render } from './share.ts';

/** The part of SvelteKit's server that is used here, in every version. */
export interface SvelteKitServer {
	respond(request: Request, options: { readonly platform: any; getClientAddress(): string }): Promise<Response>;
}

/** What app responses are made of. */
export interface ResponderParts {
	readonly server: SvelteKitServer;
	readonly proxy: ProxyConfig;
	/** `event.platform` of one request. */
	readonly platformFor: (requestId: string) => unknown;
	/** While false, responses ask clients to end their connections. */
	readonly healthy: () => boolean;
	/** Compresses answers to requests that carry cookies or credentials too. Default false. */
	readonly compressCredentialed?: boolean;
	readonly randomId: () => string;
	readonly log: Log;
}

/** Answers one request with SvelteKit. Never rejects: what fails is logged, and answered with a plain 400 or 500 that does not say why. */
export type Respond = (head: RequestHead, body: ReadableStream<Uint8Array> | undefined, client: Recipient) => Promise<Answer>;

/** Joins the app, the sharing of renders and compression. */
export function createRespond(parts: ResponderParts): Respond {
	const shared = new SharedRenders(parts.proxy);
	return async (head, body, client) => {
		const render = await shared.get(head, client, () => renderWithApp(parts, head, body, client));
		try {
			const response = await encode(render, head, parts.compressCredentialed ?? false);
			return { response, bytes: takeBytes(response) };
		} catch (error) {
			return { response: fail(parts, head, error) };
		}
	};
}

async function renderWithApp(
	parts: ResponderParts,
	head: RequestHead,
	body: ReadableStream<Uint8Array> | undefined,
	client: Recipient
): Promise<Render> {
	let isPersonal = false;
	// Whoever waited for somebody else's render may have left meanwhile.
	if (client.gone) return { response: plainText(500, 'Internal Server Error'), isPersonal };
	try {
		const { proxy, server } = parts;
		const header = (name: string): string => head.header(name);
		const request = toRequest(requestOrigin(proxy, header, head.peer.secure), head, body, client);
		const response = await server.respond(request, {
			platform: parts.platformFor(requestId(head.header('x-request-id'), parts.randomId)),
			getClientAddress() {
				isPersonal = true;
				return clientAddress(proxy, header, head.peer.address);
			}
		});
		return { response: finish(response, parts.healthy()), isPersonal };
	} catch (error) {
		// What only a client can get wrong, or ended by leaving, is not worth a line in the log.
		if (error instanceof OriginError && error.status === 400) return { response: plainText(400, 'Bad Request'), isPersonal };
		return {
			response: client.gone ? plainText(500, 'Internal Server Error') : fail(parts, head, error),
			isPersonal
		};
	}
}

function fail({ log }: ResponderParts, { method, path }: RequestHead, error: unknown): Response {
	log.error(`[http] ${method} ${path} failed`, error);
	return plainText(500, 'Internal Server Error');
}

function toRequest(origin: string, head: RequestHead, body: ReadableStream<Uint8Array> | undefined, client: Recipient): Request {
	const { method, path, query } = head;
	const url = query === '' ? origin + path : `${origin}${path}?${query}`;
	const headers = head.headers as [string, string][];
	// A host can have the right form and still be none, such as 1.2.3.999.
	if (!URL.canParse(url)) throw new OriginError(400, `The host of ${origin} is not one.`);
	if (!body) return readRequest(url, { method, headers }, client);
	// Node asks for `duplex` with every stream; the DOM's types do not know it.
	const streamed: RequestInit & { readonly duplex: 'half' } = { method, headers, body, signal: client.signal, duplex: 'half' };
	return new Request(url, streamed);
}

function finish(response: Response, healthy: boolean): Response {
	if (!isWholeResponse(response) && response.body?.locked) {
		throw new TypeError(
			'The response has been read before it was returned. Return a new Response, or read a clone: response.clone().'
		);
	}
	const added: [string, string][] = [];
	if (!response.headers.has('x-content-type-options')) added.push(['x-content-type-options', 'nosniff']);
	// Proxies that buffer would hold server-sent events back.
	if (response.headers.get('content-type')?.startsWith('text/event-stream') && !response.headers.has('x-accel-buffering'))
		added.push(['x-accel-buffering', 'no']);
	if (!healthy) added.push(['connection', 'close']);
	return added.length === 0 ? response : withHeaders(response, added);
}

function withHeaders(response: Response, added: readonly [string, string][]): Response {
	try {
		for (const [name, value] of added) response.headers.set(name, value);
		return response;
	} catch {
		// Headers of fetched responses and redirects cannot be changed.
		const copy = new Response(response.body, response);
		for (const [name, value] of added) copy.headers.set(name, value);
		return copy;
	}
}

/** A plain answer of the adapter itself. */
function plainText(status: number, text: string): Response {
	return new Response(text, {
		status,
		headers: {
			'content-type': 'text/plain; charset=utf-8',
			'content-length': String(Buffer.byteLength(text)),
			'x-content-type-options': 'nosniff'
		}
	});
}
