import type { Connection } from 'svelte-adapter-uws/contract';
import type { UploadLimits } from '../../define/definition.ts';
import { LiveError } from '../../shared/error.ts';
import { UPLOAD_TOPIC, uploadEvent, type Chunk, type UploadHeader } from '../../shared/upload-frame.ts';
import { errorFields, okFields } from '../reply.ts';
import type { Budget } from './budget.ts';
import { Incoming } from './incoming.ts';

type Limits = Pick<UploadLimits, 'maxSize' | 'maxBufferedChunks' | 'resumeMs' | 'idleMs'>;

/** What holds before it is known what takes the upload. */
const UNKNOWN_LIMITS: Limits = { maxSize: Infinity, maxBufferedChunks: 64, resumeMs: 0, idleMs: 60_000 };

export interface TransferParts {
	readonly ws: Connection;
	readonly first: Chunk;
	readonly header: UploadHeader;
	readonly budget: Budget;
	readonly now: () => number;
	readonly after: (ms: number, run: () => void) => Disposable;
	/** The largest frame that the server takes, in bytes. */
	readonly cap: number;
	/** It is answered: everything that counts it has to forget it, once. */
	readonly settled: (transfer: Transfer) => void;
}

/** One upload: the connection that it comes over, which may change, and its one answer. */
export class Transfer {
	readonly id: number;
	readonly event: string;
	readonly header: UploadHeader;
	readonly incoming: Incoming;
	/** With which its client can go on over another connection. */
	token: string | undefined;
	/** `undefined` while its connection is lost. */
	ws: Connection | undefined;
	readonly #parts: TransferParts;
	readonly #abort = new AbortController();
	#limits: Limits = UNKNOWN_LIMITS;
	#answer: string | undefined;
	#idle: Disposable | undefined;
	#lost: Disposable | undefined;
	#lastPart: number;

	constructor(parts: TransferParts) {
		const { ws, first, header, budget } = parts;
		this.#parts = parts;
		this.ws = ws;
		this.id = first.id;
		this.event = uploadEvent(first.id);
		this.header = header;
		this.#lastPart = parts.now();
		const limits = (): Limits => this.#limits;
		this.incoming = new Incoming(
			{
				header,
				budget,
				get maxSize() {
					return limits().maxSize;
				},
				get maxBufferedChunks() {
					return limits().maxBufferedChunks;
				},
				granted: () => this.tell()
			},
			first.payload.length
		);
	}

	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	get isSettled(): boolean {
		return this.#answer !== undefined;
	}

	/** Milliseconds that it waits for a client whose connection was lost. */
	get resumeMs(): number {
		return this.header.flow && this.header.resume ? this.#limits.resumeMs : 0;
	}

	/** It is known what takes it. Throws when it is too large for that. */
	limit(limits: UploadLimits): void {
		this.#limits = limits;
		if (Math.max(this.header.size ?? 0, this.incoming.received) > limits.maxSize)
			throw new LiveError('PAYLOAD_TOO_LARGE', `At most ${limits.maxSize} bytes are taken.`);
		this.#watch();
	}

	/** Takes a part; what is wrong with it ends the upload. */
	take(chunk: Chunk): void {
		this.#lastPart = this.#parts.now();
		try {
			this.incoming.take(chunk);
		} catch (error) {
			this.fail(error);
		}
	}

	/** Tells the client what has arrived, and how much it may send. */
	tell(more: object = {}): void {
		if (!this.header.flow || this.isSettled) return;
		const { received, window } = this.incoming;
		this.#lastPart = this.#parts.now();
		this.#send(JSON.stringify({ window, received, ...more }));
	}

	/** The handler has given a result. */
	succeed(value: unknown): void {
		let answer: string;
		try {
			answer = okFields(value);
		} catch (error) {
			return this.fail(error);
		}
		this.#settle(answer);
		this.incoming.fail(new LiveError('CANCELLED', 'The handler of the upload has ended.'));
	}

	/** It has failed, or is given up: the handler and the client hear why. */
	fail(error: unknown): void {
		if (this.isSettled) return;
		this.#settle(errorFields(error));
		this.incoming.fail(error);
		this.#abort.abort(error);
	}

	/** Its connection is lost. Waits for the client to come back, if it may. */
	lose(gone: () => void): void {
		this.ws = undefined;
		if (this.resumeMs === 0 || this.token === undefined) return gone();
		this.#lost = this.#parts.after(this.resumeMs, gone);
	}

	/** The client is back. */
	return(ws: Connection): void {
		this.#lost?.[Symbol.dispose]();
		this.ws = ws;
		if (this.#answer !== undefined) this.#send(this.#answer);
		else this.tell({ next: this.incoming.next });
	}

	/** Stops everything that runs by time. */
	[Symbol.dispose](): void {
		this.#lost?.[Symbol.dispose]();
		this.#idle?.[Symbol.dispose]();
	}

	#settle(answer: string): void {
		if (this.isSettled) return;
		this.#idle?.[Symbol.dispose]();
		this.#answer = `${answer.slice(0, -1)},"__cap":${this.#parts.cap}}`;
		this.#send(this.#answer);
		this.#parts.settled(this);
	}

	#send(data: string): void {
		this.ws?.sendOrClose(`{"topic":"${UPLOAD_TOPIC}","event":"${this.event}","data":${data}}`);
	}

	/** Gives up a client that could send and does not. */
	#watch(): void {
		const { now, after } = this.#parts;
		const { idleMs } = this.#limits;
		const silence = this.ws && this.incoming.isOpen ? now() - this.#lastPart : 0;
		if (silence >= idleMs) return this.fail(new LiveError('TIMEOUT', `No part came for ${idleMs} ms.`));
		this.#idle = after(idleMs - silence, () => this.#watch());
	}
}
