import type { RequestHead } from '../../contract/http.ts';
import type { Log } from '../../contract/log.ts';
import { requestId } from '../request-id.ts';
import { clientAddress, OriginError, requestOrigin, type ProxyConfig } from './address.ts';

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
	readonly randomId: () => string;
	readonly log: Log;
}

/** Answers with SvelteKit. Never rejects: what fails is logged, and answered with a plain 400 or 500 that does not say why. */
export async function respondWithApp(
	parts: ResponderParts,
	head: RequestHead,
	body: ReadableStream<Uint8Array> | undefined,
	signal: AbortSignal
): Promise<Response> {
	try {
		const { proxy, server } = parts;
		const header = (name: string): string => head.header(name);
		const request = toRequest(requestOrigin(proxy, header, head.peer.secure), head, body, signal);
		const response = await server.respond(request, {
			platform: parts.platformFor(requestId(head.header('x-request-id'), parts.randomId)),
			getClientAddress: () => clientAddress(proxy, header, head.peer.address)
		});
		return finish(response, parts.healthy());
	} catch (error) {
		if (signal.aborted) return plainText(500, 'Internal Server Error');
		// What only a client can get wrong is not worth a line in the log.
		if (error instanceof OriginError && error.status === 400) return plainText(400, 'Bad Request');
		parts.log.error(`[http] ${head.method} ${head.path} failed`, error);
		return plainText(500, 'Internal Server Error');
	}
}

function toRequest(
	origin: string,
	head: RequestHead,
	body: ReadableStream<Uint8Array> | undefined,
	signal: AbortSignal
): Request {
	const { method, path, query } = head;
	const url = query === '' ? origin + path : `${origin}${path}?${query}`;
	const headers = head.headers as [string, string][];
	// A host can have the right form and still be none, such as 1.2.3.999.
	if (!URL.canParse(url)) throw new OriginError(400, `The host of ${origin} is not one.`);
	if (!body) return new Request(url, { method, headers, signal });
	// Node asks for `duplex` with every stream; the DOM's types do not know it.
	const streamed: RequestInit & { readonly duplex: 'half' } = { method, headers, body, signal, duplex: 'half' };
	return new Request(url, streamed);
}

function finish(response: Response, healthy: boolean): Response {
	if (response.body?.locked) {
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
export function plainText(status: number, text: string): Response {
	return new Response(text, {
		status,
		headers: {
			'content-type': 'text/plain; charset=utf-8',
			'content-length': String(Buffer.byteLength(text)),
			'x-content-type-options': 'nosniff'
		}
	});
}
