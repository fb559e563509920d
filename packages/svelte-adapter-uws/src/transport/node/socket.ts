import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Frame, SendStatus, Socket } from '../../contract/transport.ts';
import { fitClose } from '../shared/close-frame.ts';
import { preFrame } from '../shared/pre-frame.ts';
import type { Topics } from '../shared/topics.ts';

/** A `ws` socket. Frames are built here and written straight to the stream, in one piece, unless they are compressed. */
export class NodeSocket implements Socket {
	readonly remoteAddress: string;
	/** When something was last heard of the peer, in milliseconds. */
	seenAt: number;
	readonly #ws: WebSocket;
	readonly #raw: Duplex;
	readonly #groups: Topics<NodeSocket>;
	readonly #maxBackpressure: number;
	readonly #compressed: boolean;
	readonly #topics = new Set<string>();

	constructor(ws: WebSocket, raw: Duplex, remoteAddress: string, groups: Topics<NodeSocket>, maxBackpressure: number, now: number) {
		this.#ws = ws;
		this.#raw = raw;
		this.remoteAddress = remoteAddress;
		this.#groups = groups;
		this.#maxBackpressure = maxBackpressure;
		this.#compressed = ws.extensions !== '';
		this.seenAt = now;
	}

	get open(): boolean {
		return this.#ws.readyState === this.#ws.OPEN;
	}

	get bufferedAmount(): number {
		return this.open ? this.#ws.bufferedAmount : 0;
	}

	send(frame: Frame): SendStatus {
		return this.write(frame, undefined);
	}

	/** Sends a frame; `built` is the same frame as bytes where somebody has built them already. */
	write(frame: Frame, built: Buffer | undefined): SendStatus {
		if (!this.open) return 'dropped';
		if (this.#compressed) {
			if (this.#ws.bufferedAmount + frame.length > this.#maxBackpressure) return 'dropped';
			this.#ws.send(frame);
		} else {
			const bytes = built ?? preFrame(frame);
			if (this.#raw.writableLength + bytes.length > this.#maxBackpressure) return 'dropped';
			this.#raw.write(bytes);
		}
		return this.#raw.writableNeedDrain ? 'queued' : 'sent';
	}

	subscribe(topic: string): void {
		if (!this.open) return;
		this.#topics.add(topic);
		this.#groups.join(topic, this);
	}

	unsubscribe(topic: string): void {
		this.#topics.delete(topic);
		this.#groups.leave(topic, this);
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
		this.leaveAll();
		if (code === undefined) return this.#ws.close();
		const fitted = fitClose(code, reason);
		this.#ws.close(fitted.code, fitted.reason);
	}

	terminate(): void {
		this.#ws.terminate();
	}

	ping(): void {
		if (this.open) this.#ws.ping();
	}

	leaveAll(): void {
		for (const topic of this.#topics) this.#groups.leave(topic, this);
		this.#topics.clear();
	}
}
