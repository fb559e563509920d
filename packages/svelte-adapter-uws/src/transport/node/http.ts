import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HeaderList, HttpHandler, Peer, RequestHead, StaticPlan } from '../../contract/http.ts';
import { normalizeAddress } from '../shared/address.ts';
import { answer, sendPlan, STALL_MS } from '../shared/answer.ts';
import { headerValue } from '../shared/header-list.ts';
import { hasBody, RequestBody } from '../shared/request-body.ts';
import { NodeSink } from './sink.ts';

class NodePeer implements Peer {
	readonly secure: boolean;
	readonly #req: IncomingMessage;
	#address: string | undefined;

	constructor(req: IncomingMessage, secure: boolean) {
		this.#req = req;
		this.secure = secure;
	}

	get address(): string {
		return (this.#address ??= normalizeAddress(this.#req.socket.remoteAddress ?? ''));
	}
}

class NodeHead implements RequestHead {
	readonly method: string;
	readonly path: string;
	readonly query: string;
	readonly headers: HeaderList;
	readonly #req: IncomingMessage;
	readonly #secure: boolean;
	#peer: Peer | undefined;

	constructor(req: IncomingMessage, secure: boolean) {
		this.#req = req;
		this.#secure = secure;
		const url = req.url ?? '';
		const mark = url.indexOf('?');
		this.method = req.method ?? '';
		this.path = mark === -1 ? url : url.slice(0, mark);
		this.query = mark === -1 ? '' : url.slice(mark + 1);
		const raw = req.rawHeaders;
		const headers: [string, string][] = [];
		for (let index = 0; index < raw.length; index += 2) headers.push([raw[index]!.toLowerCase(), raw[index + 1]!]);
		this.headers = headers;
	}

	get peer(): Peer {
		return (this.#peer ??= new NodePeer(this.#req, this.#secure));
	}

	header(name: string): string {
		return headerValue(this.headers, name);
	}
}

/** Answers one request of a node:http server, a `checkContinue` one too. `secure` = it came over TLS. */
export type NodeAnswer = (req: IncomingMessage, res: ServerResponse, secure: boolean) => void;

/**
 * What answers the requests of one node:http server. `stallMs` is how long a client may take nothing of its response, or send nothing
 * of a body that is awaited.
 */
export function createNodeAnswer(handler: HttpHandler, stallMs: number = STALL_MS): NodeAnswer {
	/** Connections that end with an answer which is on its way: Node goes on reading requests from them. */
	const ending = new WeakSet<Socket>();
	return (req, res, secure) => {
		if (ending.has(req.socket)) return;
		const head = new NodeHead(req, secure);
		const sink = new NodeSink(req, res, stallMs);
		// Node takes a request line without a version for HTTP/0.9.
		const plan = req.httpVersionMajor === 1 ? handler.plan(head) : NO_VERSION;
		if (plan?.close) ending.add(req.socket);
		if (plan) return sendPlan(sink, plan, head.method);
		const body = hasBody(head) ? readNodeBody(req, res, { limit: handler.bodyLimit, stallMs }) : undefined;
		sink.body = body;
		void answer(handler, head, sink, body);
	};
}

const NO_VERSION: StaticPlan = { status: 400, headers: [], length: 0, close: true };

interface BodyLimits {
	readonly limit: number;
	readonly stallMs: number;
}

function readNodeBody(req: IncomingMessage, res: ServerResponse, { limit, stallMs }: BodyLimits): RequestBody {
	let started = false;
	// That of the server; not that of a response which is still on its way to the same client.
	const usual = req.socket.timeout === stallMs ? 0 : (req.socket.timeout ?? 0);
	// The socket's own timer starts again with every byte, and ends the connection. After the response it is the server's.
	const expect = (ms: number): void => {
		if (!res.writableEnded) req.socket.setTimeout(ms);
	};
	const body = new RequestBody(limit, {
		pause() {
			req.pause();
			expect(usual);
		},
		resume() {
			if (!started) start();
			req.resume();
			expect(stallMs);
		}
	});
	function start(): void {
		started = true;
		// Whoever asked before sending waits for this; whoever has been answered already needs not send.
		if (/100-continue/i.test(req.headers.expect ?? '') && !res.headersSent) res.writeContinue();
		req.on('data', (chunk: Uint8Array) => body.push(chunk));
	}
	req.once('end', () => {
		expect(usual);
		body.end();
	});
	return body;
}
