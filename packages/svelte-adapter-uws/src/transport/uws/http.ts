import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { HeaderList, HttpHandler, Peer, RequestHead, StaticPlan } from '../../contract/http.ts';
import { normalizeAddress } from '../shared/address.ts';
import { answer, sendPlan, STALL_MS } from '../shared/answer.ts';
import { headerValue } from '../shared/header-list.ts';
import { hasBody } from '../shared/request-body.ts';
import { readUwsBody } from './body.ts';
import { UwsSink } from './sink.ts';
import { statusLine } from './status.ts';

/**
 * Header lines that are written again and again, in one call instead of one for each line: the engine puts a value where it
 * belongs byte by byte, so that the lines that follow can come along with the first one.
 */
class HeaderBlocks {
	/** The value of the first line, and the other lines. */
	readonly #blocks = new WeakMap<HeaderList, string>();

	write(res: HttpResponse, headers: HeaderList): void {
		const [first] = headers;
		if (!first) return;
		let block = this.#blocks.get(headers);
		if (block === undefined) {
			const others = headers.slice(1).map(([name, value]) => `\r\n${name}: ${value}`);
			block = first[1] + others.join('');
			this.#blocks.set(headers, block);
		}
		res.writeHeader(first[0], block);
	}
}

class UwsPeer implements Peer {
	readonly secure: boolean;
	readonly #res: HttpResponse;
	#address: string | undefined;

	constructor(res: HttpResponse, secure: boolean) {
		this.#res = res;
		this.secure = secure;
	}

	get address(): string {
		return (this.#address ??= this.#read());
	}

	#read(): string {
		try {
			return normalizeAddress(Buffer.from(this.#res.getRemoteAddressAsText()).toString());
		} catch {
			// The engine forgets it with the response.
			return '';
		}
	}
}

/** A request read out of the engine in one pass, so that it outlives the engine's callback. */
class UwsHead implements RequestHead {
	readonly method: string;
	readonly path: string;
	readonly query: string;
	readonly headers: HeaderList;
	readonly #res: HttpResponse;
	readonly #secure: boolean;
	#peer: Peer | undefined;

	constructor(res: HttpResponse, req: HttpRequest, secure: boolean) {
		this.#res = res;
		this.#secure = secure;
		this.method = req.getCaseSensitiveMethod();
		this.path = req.getUrl();
		this.query = req.getQuery() ?? '';
		const headers: [string, string][] = [];
		req.forEach((name, value) => void headers.push([name, value]));
		this.headers = headers;
	}

	get peer(): Peer {
		return (this.#peer ??= new UwsPeer(this.#res, this.#secure));
	}

	header(name: string): string {
		return headerValue(this.headers, name);
	}
}

/**
 * What answers requests of the engine. Call it from the route's callback, before anything else is done with `res` and `req`.
 * `stallMs` is how long a client may take nothing of its response.
 */
export function createUwsAnswer(
	handler: HttpHandler,
	secure: boolean,
	stallMs: number = STALL_MS
): (res: HttpResponse, req: HttpRequest) => void {
	const blocks = new HeaderBlocks();
	return (res, req) => {
		const head = new UwsHead(res, req, secure);
		const plan = handler.plan(head);
		if (plan && !plan.close && !hasChunks(head)) {
			const rest = writePlan(res, plan, head.method === 'HEAD', blocks);
			if (rest) new UwsSink(res, { stallMs, isLast: false }).resume(rest);
			return;
		}
		// The engine takes almost anything for the end of a chunk, so what follows such a body may be a part of it to others.
		const sink = new UwsSink(res, { stallMs, isLast: plan?.close || hasChunks(head) });
		if (plan) return sendPlan(sink, plan, head.method);
		const body = hasBody(head) ? readUwsBody(res, handler.bodyLimit) : undefined;
		sink.body = body;
		void answer(handler, head, sink, body);
	};
}

function hasChunks({ headers }: RequestHead): boolean {
	return headerValue(headers, 'transfer-encoding') !== '';
}

/**
 * The hot path: no sink is made, because the response is complete before this returns. Gives back the body where it is not: the client
 * has not taken what it was sent before, and the engine would keep as many answers for it as it asks for.
 */
function writePlan(res: HttpResponse, plan: StaticPlan, isHead: boolean, blocks: HeaderBlocks): Uint8Array | undefined {
	const { headers, status, body } = plan;
	if (status !== 200) res.writeStatus(statusLine(status));
	if (status === 200) blocks.write(res, headers);
	else for (let index = 0; index < headers.length; index++) res.writeHeader(headers[index]![0], headers[index]![1]);
	if (status === 304) res.endWithoutBody();
	else if (isHead || !body) res.endWithoutBody(plan.length);
	else if (!res.tryEnd(body, body.length)[1]) return body;
	return undefined;
}
