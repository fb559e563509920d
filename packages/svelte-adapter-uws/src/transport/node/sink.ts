import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResponseSink } from '../shared/answer.ts';
import type { ResponseHead } from '../shared/header-list.ts';
import type { RequestBody } from '../shared/request-body.ts';

/** One response of a node:http server. */
export class NodeSink implements ResponseSink {
	readonly #req: IncomingMessage;
	readonly #res: ServerResponse;
	readonly #stallMs: number;
	/** Made when somebody asks: plain answers are given without. */
	#abort: AbortController | undefined;
	body: RequestBody | undefined;
	#closed = false;
	gone = false;
	onGone: (() => void) | undefined;

	constructor(req: IncomingMessage, res: ServerResponse, stallMs: number) {
		this.#req = req;
		this.#res = res;
		this.#stallMs = stallMs;
		// Errors of either end in its close event; without a listener they would end the process.
		req.on('error', () => {});
		res.on('error', () => {});
		res.once('close', () => this.#settle());
	}

	get signal(): AbortSignal {
		if (!this.#abort) {
			this.#abort = new AbortController();
			if (this.gone) this.#abort.abort();
		}
		return this.#abort.signal;
	}

	get started(): boolean {
		return this.#res.headersSent;
	}

	whole(head: ResponseHead, body: Uint8Array | undefined): void {
		if (this.#closed) return;
		this.#writeHead(head);
		this.#finish(body);
	}

	begin(head: ResponseHead, chunk: Uint8Array): boolean {
		if (this.#closed) return false;
		// One packet for head and chunk.
		this.#res.cork();
		this.#writeHead(head);
		const hasRoom = this.write(chunk);
		this.#res.uncork();
		return hasRoom;
	}

	write(chunk: Uint8Array): boolean {
		if (this.#closed) return false;
		return this.#res.write(chunk);
	}

	room(): Promise<void> {
		const isTaken = this.#res.writableEnded ? this.#res.writableLength === 0 : !this.#res.writableNeedDrain;
		if (isTaken || this.#res.destroyed) return Promise.resolve();
		if (!this.#res.writableEnded) this.#watch();
		return new Promise((resolve) => {
			const done = (): void => {
				this.#res.removeListener('drain', done).removeListener('close', done);
				if (!this.#res.writableEnded) this.#unwatch();
				resolve();
			};
			this.#res.on('drain', done).on('close', done);
		});
	}

	end(): void {
		if (!this.#closed) this.#finish(undefined);
	}

	destroy(): void {
		this.#res.destroy();
	}

	#writeHead({ status, headers, length, close }: ResponseHead): void {
		const flat: string[] = [];
		for (let index = 0; index < headers.length; index++) flat.push(headers[index]![0], headers[index]![1]);
		if (length !== undefined) flat.push('content-length', String(length));
		// Whoever was not asked to continue may send the body or not: nobody can tell what comes next on this connection.
		if (close || (this.#req.headers.expect && !this.#req.complete)) flat.push('connection', 'close');
		this.#res.writeHead(status, flat);
	}

	#finish(body: Uint8Array | undefined): void {
		this.#closed = true;
		this.#res.end(body);
		// What the app did not read is in the way of the next request.
		this.body?.release();
		if (this.#res.writableLength > 0) this.#watch();
	}

	/** The socket's own timer starts again with every byte that leaves. */
	#watch(): void {
		this.#req.socket.setTimeout(this.#stallMs, this.#drop);
	}

	#unwatch(): void {
		this.#req.socket.setTimeout(0, this.#drop);
	}

	readonly #drop = (): void => this.destroy();

	#settle(): void {
		this.#closed = true;
		// The server has set its own timeout for the next request.
		this.#req.socket.removeListener('timeout', this.#drop);
		this.gone = !this.#res.writableFinished;
		if (this.gone) {
			this.#abort?.abort();
			this.onGone?.();
		}
		this.body?.fail(this.signal.reason);
	}
}
