import { setImmediate } from 'node:timers';
import type { HttpRequest, HttpResponse, us_socket_context_t } from 'uWebSockets.js';
import type { SocketHandler, UpgradeDecision, UpgradeRequest } from '../../contract/transport.ts';
import { normalizeAddress } from '../shared/address.ts';
import { acceptHandshake, refusalHeaders, refuseHandshake, type Refusal } from '../shared/handshake.ts';
import { writeHeaders } from './sink.ts';
import { UwsSocket, type UserData } from './socket.ts';
import { statusLine } from './status.ts';

const INTERNAL_ERROR: Refusal = { status: 500, body: 'Internal Server Error' };

/** A handshake that is read out of the engine where it is read at all, and at the latest when its callback ends. */
export class UwsHandshake implements UpgradeRequest {
	readonly method: string;
	readonly url: string;
	aborted = false;
	readonly #res: HttpResponse;
	#req: HttpRequest | undefined;
	#headers: Record<string, string> | undefined;
	#address: string | undefined;
	#abort: AbortController | undefined;

	constructor(res: HttpResponse, req: HttpRequest) {
		res.onAborted(() => this.abort());
		this.#res = res;
		this.#req = req;
		const query = req.getQuery();
		this.method = req.getCaseSensitiveMethod();
		this.url = query ? `${req.getUrl()}?${query}` : req.getUrl();
	}

	readonly header = (name: string): string => this.headers[name] ?? '';

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
export function upgradeUws(
	handler: SocketHandler,
	handshake: UwsHandshake,
	res: HttpResponse,
	context: us_socket_context_t
): void {
	const refusal = refuseHandshake(handshake.method, handshake.header);
	if (refusal) return refuseUws(res, handshake, refusal);

	// An upgrade inside a cork makes the engine take the socket for a finished response, and close it now and then.
	const decide = (decision: UpgradeDecision): void => {
		if (handshake.aborted) return;
		if (!decision.accept) return refuseUws(res, handshake, decision);
		const { protocol, headers } = acceptHandshake(handshake.header('sec-websocket-protocol'), decision.headers);
		if (headers.length > 0) {
			res.cork(() => {
				res.writeStatus('101 Switching Protocols');
				writeHeaders(res, headers);
			});
		}
		const userData: UserData & Opening = { socket: new UwsSocket(handshake.remoteAddress), data: decision.data };
		res.upgrade(userData, handshake.header('sec-websocket-key'), protocol, handshake.header('sec-websocket-extensions'), context);
	};

	let decision: UpgradeDecision | Promise<UpgradeDecision>;
	try {
		decision = handler.upgrade(handshake);
	} catch {
		handshake.detach();
		return refuseUws(res, handshake, INTERNAL_ERROR);
	}
	handshake.detach();
	if (!('then' in decision)) return decide(decision);
	decision.then(decide, () => refuseUws(res, handshake, INTERNAL_ERROR));
}

/** What the engine carries from the decision to the open socket. */
export interface Opening {
	data: unknown;
}

/** Answers a handshake with an ordinary response, unless the client has left, and ends the connection. */
export function refuseUws(res: HttpResponse, handshake: UwsHandshake, refusal: Refusal): void {
	// The engine goes on with requests that follow in the same segment once this one is answered, whatever it was told about
	// closing. Those that follow an unanswered one make it drop the connection.
	setImmediate(() => {
		if (handshake.aborted) return;
		res.cork(() => {
			res.writeStatus(statusLine(refusal.status));
			writeHeaders(res, refusalHeaders(refusal));
			res.end(refusal.body, true);
		});
	});
}
