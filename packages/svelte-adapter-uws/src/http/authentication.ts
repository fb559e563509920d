import type { Authenticator } from '../contract/authenticator.ts';
import type { Answer, HttpHandler, Recipient, RequestHead, StaticPlan } from '../contract/http.ts';
import type { Log } from '../contract/log.ts';
import type { UpgradeRequest } from '../contract/transport.ts';
import { guard } from './guard.ts';
import { plain } from './plain.ts';
import { OriginError } from './ssr/address.ts';

/** Bytes of a body that `authenticate` may read. */
const MAX_BODY = 65_536;

export interface AuthenticationParts {
	readonly path: string;
	/** Whether an `authenticate` hook is there; without one the path is nobody's. */
	readonly mounted: () => boolean;
	/** `undefined` while the server starts. */
	readonly authenticator: () => Authenticator | undefined;
	/** Throws an OriginError when it cannot be told. */
	readonly origin: (head: RequestHead) => string;
	readonly log: Log;
}

/** The HTTP half of `authenticate`: one path, one method, a small body. */
export class AuthenticationStep {
	readonly #parts: AuthenticationParts;

	constructor(parts: AuthenticationParts) {
		this.#parts = parts;
	}

	takes({ path }: RequestHead): boolean {
		return path === this.#parts.path && this.#parts.mounted();
	}

	/** What needs no hook. */
	plan(head: RequestHead): StaticPlan | undefined {
		if (head.method !== 'POST') return plain(405, 'Send a POST request.', { headers: [['allow', 'POST']] });
		if (Number(head.header('content-length')) > MAX_BODY) return TOO_LARGE;
		if (!this.#parts.authenticator()) return plain(503, 'The server is starting.', { headers: [['retry-after', '1']] });
		return undefined;
	}

	/** Never rejects. */
	async respond(head: RequestHead, body: ReadableStream<Uint8Array> | undefined, client: Recipient): Promise<Answer> {
		try {
			return { response: await this.#respond(head, body, client) };
		} catch (error) {
			if (error instanceof OriginError && error.status === 400) return { response: toResponse(plain(400, 'Bad Request')) };
			this.#parts.log.error(`[http] ${head.method} ${head.path} failed`, error);
			return { response: toResponse(plain(500, 'Internal Server Error')) };
		}
	}

	async #respond(head: RequestHead, body: ReadableStream<Uint8Array> | undefined, client: Recipient): Promise<Response> {
		const authenticator = this.#parts.authenticator();
		if (!authenticator) return toResponse(plain(503, 'The server is starting.'));
		const origin = this.#parts.origin(head);
		const asked = new Asked(head, client);
		return authenticator.answer(asked, async () => {
			const bytes = body && (await readAll(body, MAX_BODY));
			if (bytes === 'too large') return toResponse(TOO_LARGE);
			const url = origin + asked.url;
			if (!URL.canParse(url)) return toResponse(plain(400, 'Bad Request'));
			return new Request(url, {
				method: 'POST',
				headers: head.headers as [string, string][],
				signal: client.signal,
				...(bytes && { body: bytes })
			});
		});
	}
}

/** A server that has nothing but the step, for hosts without pages of their own. */
export function createAuthenticationHandler(step: AuthenticationStep, log: Log): HttpHandler {
	return {
		bodyLimit: MAX_BODY,
		plan(head) {
			const refusal = guard(head);
			if (refusal) return plain(refusal.status, `${refusal.reason}.`, { close: true });
			if (step.takes(head)) return step.plan(head);
			return plain(426, 'This server speaks WebSocket only.', { headers: [['upgrade', 'websocket']] });
		},
		respond: (head, body, client) => step.respond(head, body, client),
		settled(error) {
			if (error !== undefined) log.error('[http] A response could not be written', error);
		}
	};
}

const TOO_LARGE: StaticPlan = plain(413, `The body is larger than ${MAX_BODY} bytes.`);

/** The request as the core sees handshakes. */
class Asked implements UpgradeRequest {
	readonly url: string;
	readonly #head: RequestHead;
	readonly #client: Recipient;
	#headers: Record<string, string> | undefined;

	constructor(head: RequestHead, client: Recipient) {
		this.#head = head;
		this.#client = client;
		this.url = head.query === '' ? head.path : `${head.path}?${head.query}`;
	}

	header(name: string): string {
		return this.#head.header(name);
	}

	get headers(): Readonly<Record<string, string>> {
		if (this.#headers) return this.#headers;
		const headers = Object.create(null) as Record<string, string>;
		for (const [name] of this.#head.headers) headers[name] ??= this.header(name);
		return (this.#headers = headers);
	}

	get remoteAddress(): string {
		return this.#head.peer.address;
	}

	get signal(): AbortSignal {
		return this.#client.signal;
	}
}

/** A body as a whole. Rejects when the client leaves. */
async function readAll(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array<ArrayBuffer> | 'too large'> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	try {
		for await (const chunk of body) {
			length += chunk.byteLength;
			// Leaving the loop cancels the stream.
			if (length > limit) return 'too large';
			chunks.push(chunk);
		}
	} catch (error) {
		// A transport has a limit of its own, which may be lower.
		if (error instanceof Error && error.name === 'PayloadTooLargeError') return 'too large';
		throw error;
	}
	const whole = new Uint8Array(length);
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.byteLength;
	}
	return whole;
}

function toResponse({ status, headers, body }: StaticPlan): Response {
	return new Response(body ? new Uint8Array(body) : null, {
		status,
		headers: headers.map(([name, value]): [string, string] => [name, value])
	});
}
