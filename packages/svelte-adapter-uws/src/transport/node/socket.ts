import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Frame, SendStatus, Socket, SocketEvents } from '../../contract/transport.ts';
import { fitClose } from '../shared/close-frame.ts';
import { preFrame } from '../shared/pre-frame.ts';
import type { Topics } from '../shared/topics.ts';
import type { Turn } from './turn.ts';

/** What every socket of one listener shares. */
export interface SocketParts {
	readonly topics: Topics<NodeSocket>;
	readonly turn: Turn;
	readonly maxBackpressure: number;
}

/** Leaves behind everything that waits, and changes nothing. */
const NOTHING = Buffer.alloc(0);

/** A `ws` socket. Frames are built here and written straight to the stream, in one piece, unless they are compressed. */
export class NodeSocket implements Socket {
	readonly remoteAddress: string;
	readonly #ws: WebSocket;
	readonly #raw: Duplex;
	readonly #parts: SocketParts;
	readonly #compresses: boolean;
	/** Something was dropped, and nobody has been told of room since. */
	#isFull = false;
	#topics: Set<string> | undefined;
	#events: SocketEvents | undefined;
	/** How it ended; a handler that is still opening it hears of that afterwards. */
	#end: { readonly code: number; readonly reason: string } | undefined;

	constructor(ws: WebSocket, raw: Duplex, remoteAddress: string, parts: SocketParts) {
		this.#ws = ws;
		this.#raw = raw;
		this.remoteAddress = remoteAddress;
		this.#parts = parts;
		this.#compresses = ws.extensions !== '';
	}

	get open(): boolean {
		return this.#end === undefined && this.#ws.readyState === this.#ws.OPEN;
	}

	get bufferedAmount(): number {
		return this.open ? this.#ws.bufferedAmount : 0;
	}

	get congested(): boolean {
		return this.open && (this.#isFull || this.#raw.writableNeedDrain);
	}

	send(frame: Frame): SendStatus {
		return this.write(frame, undefined);
	}

	/** Sends a frame; `built` is the same frame as bytes where somebody has built them already. */
	write(frame: Frame, built: Buffer | undefined): SendStatus {
		if (!this.open) return 'dropped';
		const raw = this.#raw;
		this.#parts.turn.join(raw);
		if (this.#compresses) {
			if (!this.#hasRoom) return this.#drop();
			// Compression happens later; by then the caller may use its bytes for something else.
			this.#ws.send(typeof frame === 'string' ? frame : Buffer.from(frame), () => this.#taken());
		} else {
			if (raw.writableLength > this.#parts.maxBackpressure) return this.#drop();
			raw.write(built ?? preFrame(frame));
		}
		return raw.writableNeedDrain ? 'queued' : 'sent';
	}

	subscribe(topic: string): void {
		if (!this.open) return;
		(this.#topics ??= new Set()).add(topic);
		this.#parts.topics.join(topic, this);
	}

	unsubscribe(topic: string): void {
		if (this.#topics?.delete(topic)) this.#parts.topics.leave(topic, this);
	}

	cork(write: () => void): void {
		if (!this.open) return;
		this.#raw.cork();
		try {
			write();
		} finally {
			this.#raw.uncork();
		}
	}

	close(code?: number, reason = ''): void {
		if (!this.open) return;
		if (code === undefined) {
			this.#ws.close();
			return this.ended(1005, '');
		}
		const fitted = fitClose(code, reason);
		this.#ws.close(fitted.code, fitted.reason);
		this.ended(fitted.code, fitted.reason);
	}

	terminate(): void {
		if (!this.#end) this.drop();
	}

	/** Ends what is left of the connection, that of a close that is under way as well. */
	drop(): void {
		this.#ws.terminate();
		this.ended(1006, '');
	}

	ping(): void {
		if (this.open) this.#ws.ping();
	}

	/** From now on the handler hears of what happens, beginning with an end that came while it was opening the socket. */
	hear(events: SocketEvents): void {
		if (this.#end) events.closed(this.#end.code, this.#end.reason);
		else this.#events = events;
	}

	received(data: Buffer, isBinary: boolean): void {
		// The bytes are part of a larger block, which a copy does not keep.
		if (this.open) this.#events?.message(isBinary ? new Uint8Array(data) : data.toString());
	}

	drained(): void {
		if (!this.open) return;
		this.#isFull = !this.#hasRoom;
		this.#events?.drain();
	}

	get #hasRoom(): boolean {
		return this.#ws.bufferedAmount <= this.#parts.maxBackpressure;
	}

	#drop(): SendStatus {
		// A stream says that it has drained only once it has held more than it likes, which may be more than fits here.
		if (!this.#isFull && !this.#compresses && !this.#raw.writableNeedDrain) this.#raw.write(NOTHING, () => this.#taken());
		this.#isFull = true;
		return 'dropped';
	}

	#taken(): void {
		if (this.#isFull && this.#hasRoom) this.drained();
	}

	/** The connection is over for the handler, however long it takes to take it down. Only the first call counts. */
	ended(code: number, reason: string): void {
		if (this.#end) return;
		this.#end = { code, reason };
		if (this.#topics) for (const topic of this.#topics) this.#parts.topics.leave(topic, this);
		this.#topics = undefined;
		const events = this.#events;
		this.#events = undefined;
		events?.closed(code, reason);
	}
}
