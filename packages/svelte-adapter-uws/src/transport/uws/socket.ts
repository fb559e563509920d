import type { WebSocket } from 'uWebSockets.js';
import type { Frame, SendStatus, Socket, SocketEvents } from '../../contract/transport.ts';
import { fitClose } from '../shared/close-frame.ts';

/** What the engine keeps for one socket. */
export interface UserData {
	readonly socket: UwsSocket;
}

const STATUS: readonly SendStatus[] = ['queued', 'sent', 'dropped'];

/** A uWebSockets.js socket that may be used before it opened and after it closed: the engine throws then, this does nothing. */
export class UwsSocket implements Socket {
	readonly remoteAddress: string;
	#ws: WebSocket<UserData> | undefined;
	#maxBackpressure = 0;
	/** What closes it, while its close frame has to wait for room. */
	#closeLater: (() => void) | undefined;
	#events: SocketEvents | undefined;
	/** How it ended before anybody could hear of it. */
	#end: { readonly code: number; readonly reason: string } | undefined;

	constructor(remoteAddress: string) {
		this.remoteAddress = remoteAddress;
	}

	get bufferedAmount(): number {
		return this.#ws?.getBufferedAmount() ?? 0;
	}

	get congested(): boolean {
		return this.bufferedAmount > 0;
	}

	send(frame: Frame): SendStatus {
		if (!this.#ws) return 'dropped';
		return STATUS[this.#ws.send(frame, typeof frame !== 'string')] ?? 'dropped';
	}

	subscribe(topic: string): void {
		this.#ws?.subscribe(topic);
	}

	unsubscribe(topic: string): void {
		this.#ws?.unsubscribe(topic);
	}

	cork(write: () => void): void {
		let failure: { readonly error: unknown } | undefined;
		// What is thrown in the engine's callback would be uncaught.
		this.#ws?.cork(() => {
			try {
				write();
			} catch (error) {
				failure = { error };
			}
		});
		if (failure) throw failure.error;
	}

	close(code?: number, reason = ''): void {
		const ws = this.#ws;
		if (!ws) return;
		const fitted = code === undefined ? undefined : fitClose(code, reason);
		const end = (): void => (fitted ? ws.end(fitted.code, fitted.reason) : ws.end());
		// The engine drops a close frame that finds no room, like any other.
		if (ws.getBufferedAmount() <= this.#maxBackpressure) return end();
		for (const topic of ws.getTopics()) ws.unsubscribe(topic);
		this.#closeLater = end;
		this.#tell(fitted ?? { code: 1005, reason: '' });
	}

	terminate(): void {
		this.#ws?.close();
	}

	attach(ws: WebSocket<UserData>, maxBackpressure: number): void {
		this.#ws = ws;
		this.#maxBackpressure = maxBackpressure;
	}

	/** From now on the handler hears of what happens, beginning with an end that came while it was opening the socket. */
	hear(events: SocketEvents): void {
		if (this.#end) events.closed(this.#end.code, this.#end.reason);
		else this.#events = events;
	}

	/** The engine takes the memory of a message back: text is decoded, bytes are copied. */
	received(message: ArrayBuffer, isBinary: boolean): void {
		this.#events?.message(isBinary ? new Uint8Array(message.slice(0)) : Buffer.from(message).toString());
	}

	drained(ws: WebSocket<UserData>): void {
		if (!this.#closeLater) this.#events?.drain();
		else if (ws.getBufferedAmount() <= this.#maxBackpressure) this.#closeLater();
	}

	/** The engine's object is gone. */
	ended(code: number, message: ArrayBuffer): void {
		if (this.#closeLater) return;
		// The engine says 0 where nobody gave a code, and with 1006 a text of its own that no peer sent.
		this.#tell({ code: code === 0 ? 1005 : code, reason: code === 1006 ? '' : Buffer.from(message).toString() });
	}

	/** It is over for the handler. Only called once. */
	#tell(end: { readonly code: number; readonly reason: string }): void {
		this.#ws = undefined;
		const events = this.#events;
		this.#events = undefined;
		if (events) events.closed(end.code, end.reason);
		else this.#end = end;
	}
}
