import type { HttpRequest, HttpResponse, us_socket_context_t } from 'uWebSockets.js';
import type { SocketHandler, UpgradeDecision, UpgradeRequest } from '../../contract/transport.ts';
import { normalizeAddress } from '../shared/address.ts';
import { isHeaderSafe, refuseHandshake } from '../shared/handshake.ts';
import type { UserData } from './socket.ts';

/**
 * A handshake whose headers are read from the engine for as long as its callback runs, and from a copy afterwards. A
 * handler that decides at once costs no copy.
 */
class Handshake implements UpgradeRequest {
	readonly url: string;
	readonly #res: HttpResponse;
	#req: HttpRequest | undefined;
	#headers: Record<string, string> | undefined;
	#address: string | undefined;
	#abort: AbortController | undefined;
	aborted = false;

	constructor(res: HttpResponse, req: HttpRequest) {
		this.#res = res;
		this.#req = req;
		const query = req.getQuery();
		this.url = query ? `${req.getUrl()}?${query}` : req.getUrl();
	}

	header(name: string): string {
		if (this.#headers || !this.#req) return this.headers[name] ?? '';
		// The engine gives the first of repeated lines; a repeated origin must not pass for its first.
		return name === 'origin' || name === 'host' || name === 'cookie' ? (this.headers[name] ?? '') : this.#req.getHeader(name);
	}

	get headers(): Readonly<Record<string, string>> {
		if (this.#headers) return this.#headers;
		const headers = Object.create(null) as Record<string, string>;
		this.#req?.forEach((name, value) => {
			const first = headers[name];
			headers[name] = first === undefined ? value : `${first}${name === 'cookie' ? '; ' : ', '}${value}`;
		});
		return (this.#headers = headers);
	}

	get remoteAddress(): string {
		return (this.#address ??= this.aborted ? '' : normalizeAddress(Buffer.from(this.#res.getRemoteAddressAsText()).toString()));
	}

	get signal(): AbortSignal {
		this.#abort ??= new AbortController();
		if (this.aborted) this.#abort.abort();
		return this.#abort.signal;
	}

	/** The engine's request ends with its callback: keeps what may still be read. */
	detach(): void {
		void this.headers;
		void this.remoteAddress;
		this.#req = undefined;
	}

	abort(): void {
		this.aborted = true;
		this.#abort?.abort();
	}
}

/** Runs one handshake. Whatever the handler does and whenever the client leaves, the response is touched at most once. */
export function upgradeUws(handler: SocketHandler, res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
	const handshake = new Handshake(res, req);
	res.onAborted(() => handshake.abort());
	const refusal = refuseHandshake(req.getMethod().toUpperCase(), (name) => req.getHeader(name));
	if (refusal) return refuse(res, refusal);
	const key = req.getHeader('sec-websocket-key');
	const protocol = req.getHeader('sec-websocket-protocol');
	const extensions = req.getHeader('sec-websocket-extensions');

	const decide = (decision: UpgradeDecision): void => {
		if (handshake.aborted) return;
		if (!decision.accept) return refuse(res, decision);
		const headers = decision.headers?.filter(([name, value]) => isHeaderSafe(name, value));
		const userData: UserData = { data: decision.data, socket: undefined, events: undefined };
		if (headers?.length) {
			res.writeStatus('101 Switching Protocols');
			for (const [name, value] of headers) res.writeHeader(name, value);
		}
		res.upgrade(userData, key, protocol, extensions, context);
	};

	try {
		const decision = handler.upgrade(handshake);
		if (!(decision instanceof Promise)) return decide(decision);
		handshake.detach();
		decision.then(
			(decided) => {
				if (handshake.aborted) return;
				// A cork around the upgrade itself is known to break it on Windows.
				if (decided.accept) decide(decided);
				else res.cork(() => decide(decided));
			},
			() => !handshake.aborted && res.cork(() => refuse(res, { status: 500, body: 'Internal Server Error' }))
		);
	} catch {
		refuse(res, { status: 500, body: 'Internal Server Error' });
	}
}

function refuse(res: HttpResponse, { status, body, headers = [] }: { status: number; body: string; headers?: readonly (readonly [string, string])[] }): void {
	res.writeStatus(`${status} Refused`).writeHeader('content-type', 'text/plain; charset=utf-8');
	for (const [name, value] of headers) if (isHeaderSafe(name, value)) res.writeHeader(name, value);
	res.end(body, true);
}
