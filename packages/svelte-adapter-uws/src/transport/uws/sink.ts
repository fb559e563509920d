import { setImmediate } from 'node:timers';
import type { HttpResponse } from 'uWebSockets.js';
import type { HeaderList } from '../../contract/http.ts';
import type { ResponseSink } from '../shared/answer.ts';
import type { ResponseHead } from '../shared/header-list.ts';
import type { RequestBody } from '../shared/request-body.ts';
import { statusLine } from './status.ts';

/** Milliseconds that a client has to close a connection whose last response it has. */
const LINGER_MS = 500;

/** One response of the engine. Attaches to `res` at once, so that it knows when the client leaves. */
export class UwsSink implements ResponseSink {
	readonly #res: HttpResponse;
	readonly #stallMs: number;
	/** Nothing that follows the request on its connection may be looked at. */
	readonly #isLast: boolean;
	/** Made when somebody asks for it. */
	#abort: AbortController | undefined;
	gone = false;
	onGone: (() => void) | undefined;
	body: RequestBody | undefined;
	started = false;
	/** The engine's object must not be touched any more. */
	#closed = false;
	#close = false;
	/** Bytes of the whole body; absent for a chunked one. */
	#total: number | undefined;
	/** Bytes of it in front of `#pending`. */
	#offset = 0;
	/** What the engine has not taken yet. */
	#pending: Uint8Array | undefined;
	#waiting: (() => void) | undefined;
	#listening = false;
	#stall: NodeJS.Timeout | undefined;
	/** Ends a connection whose last response has been written. */
	#linger: NodeJS.Timeout | undefined;

	constructor(res: HttpResponse, { stallMs, isLast }: { readonly stallMs: number; readonly isLast: boolean }) {
		this.#res = res;
		this.#stallMs = stallMs;
		this.#isLast = isLast;
		res.onAborted(() => this.#leave());
	}

	get signal(): AbortSignal {
		if (!this.#abort) {
			this.#abort = new AbortController();
			if (this.gone) this.#abort.abort();
		}
		return this.#abort.signal;
	}

	whole(head: ResponseHead, body: Uint8Array | undefined): void {
		this.#afterTurn(() => this.#whole(this.#isLast ? { ...head, close: true } : head, body));
	}

	#whole(head: ResponseHead, body: Uint8Array | undefined): void {
		if (this.#closed) return;
		// The engine would copy what the client does not take, also of the answers before this one.
		if (body && body.byteLength > 0 && !head.close) return void this.begin({ ...head, length: body.byteLength }, body);
		this.body?.release();
		this.started = true;
		this.#res.cork(() => {
			this.#writeHead(head);
			if (body) this.#res.end(body, head.close);
			else if (head.length === undefined && !head.close) this.#res.endWithoutBody();
			else this.#res.endWithoutBody(head.length ?? 0, head.close);
		});
		this.#complete();
	}

	/** Goes on with a whole body of which the engine has not taken everything. */
	resume(body: Uint8Array): void {
		this.started = true;
		this.#total = body.byteLength;
		this.#pending = body;
		this.#wait();
	}

	begin(given: ResponseHead, chunk: Uint8Array): boolean {
		if (this.#closed) return false;
		const head = this.#isLast ? { ...given, close: true } : given;
		this.started = true;
		// Only a chunked body can end its connection.
		this.#total = head.close ? undefined : head.length;
		this.#close = head.close;
		let hasRoom = false;
		this.#res.cork(() => {
			this.#writeHead(head);
			if (head.close) this.#res.writeHeader('connection', 'close');
			hasRoom = this.#send(chunk);
		});
		return hasRoom;
	}

	write(chunk: Uint8Array): boolean {
		if (this.#closed) return false;
		let hasRoom = false;
		this.#res.cork(() => void (hasRoom = this.#send(chunk)));
		return hasRoom;
	}

	room(): Promise<void> {
		if (this.#closed) return Promise.resolve();
		return new Promise((resolve) => void (this.#waiting = resolve));
	}

	end(): void {
		this.#afterTurn(() => this.#end());
	}

	/**
	 * The engine goes on with requests that follow in the same segment once this one is answered, whatever it was told about
	 * closing. Those that follow an unanswered one make it drop the connection.
	 */
	#afterTurn(finish: () => void): void {
		if (this.#isLast) setImmediate(finish);
		else finish();
	}

	#end(): void {
		if (this.#closed) return;
		this.body?.release();
		if (this.#close) this.#endLast();
		else this.#res.cork(() => this.#res.end());
		this.#complete();
	}

	/**
	 * The engine, told to close behind a body in chunks, writes a header into the body. So its last chunk is written here, with a trailer
	 * because only header lines can be written as they are, and for the engine the response goes on: it drops a connection that sends a
	 * request meanwhile.
	 */
	#endLast(): void {
		this.#res.cork(() => void this.#res.writeHeader('\r\n0\r\nx-end', '1\r\n'));
		// Most clients close it themselves; one that is slow has something to take still.
		this.#linger = setTimeout(() => this.#res.close(), this.#listening ? this.#stallMs : LINGER_MS);
	}

	destroy(): void {
		if (!this.#closed) this.#res.close();
	}

	#writeHead({ status, headers }: ResponseHead): void {
		this.#res.writeStatus(statusLine(status));
		writeHeaders(this.#res, headers);
	}

	#send(chunk: Uint8Array): boolean {
		if (this.#total === undefined) {
			// A chunk that does not fit is kept by the engine.
			const hasRoom = this.#res.write(chunk);
			if (!hasRoom) this.#wait();
			return hasRoom;
		}
		const isLast = this.#offset + chunk.byteLength >= this.#total;
		if (isLast) this.body?.release();
		const [hasRoom, isComplete] = this.#res.tryEnd(chunk, this.#total);
		if (isComplete) this.#complete();
		else if (hasRoom) this.#offset += chunk.byteLength;
		else {
			this.#pending = chunk;
			this.#wait();
		}
		return hasRoom;
	}

	#wait(): void {
		if (this.#stall) this.#stall.refresh();
		else this.#stall = setTimeout(() => this.destroy(), this.#stallMs);
		if (this.#listening) return;
		this.#listening = true;
		this.#res.onWritable((offset) => this.#writable(offset));
	}

	#writable(offset: number): boolean {
		const chunk = this.#pending;
		if (chunk) {
			const [hasRoom, isComplete] = this.#res.tryEnd(chunk.subarray(offset - this.#offset), this.#total!);
			if (isComplete) this.#complete();
			else if (!hasRoom) {
				this.#stall?.refresh();
				return false;
			}
			this.#offset += chunk.byteLength;
			this.#pending = undefined;
		}
		this.#calm();
		return true;
	}

	#calm(): void {
		clearTimeout(this.#stall);
		this.#stall = undefined;
		const waiting = this.#waiting;
		this.#waiting = undefined;
		waiting?.();
	}

	#complete(): void {
		this.#closed = true;
		this.#calm();
	}

	#leave(): void {
		clearTimeout(this.#linger);
		if (this.#closed) return;
		this.#closed = true;
		this.#pending = undefined;
		this.gone = true;
		this.#abort?.abort();
		this.body?.fail(this.signal.reason);
		this.onGone?.();
		this.#calm();
	}
}

/** Writes header lines as latin1, which is what HTTP takes them for; the engine would write UTF-8. */
export function writeHeaders(res: HttpResponse, headers: HeaderList): void {
	for (const [name, value] of headers) res.writeHeader(name, isAscii(value) ? value : Buffer.from(value, 'latin1'));
}

function isAscii(text: string): boolean {
	return /^[\0-\x7f]*$/.test(text);
}
