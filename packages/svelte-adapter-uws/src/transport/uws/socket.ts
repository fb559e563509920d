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
	#events: SocketEvents | undefined;
	/** How it ended before anybody could hear of it. */
	#end: { readonly code: number; readonly reason: string } | undefined;

	constructor(remoteAddress: string) {
		this.remoteAddress = remoteAddress;
	}

	get bufferedAmount(): number {
		return this.#ws?.getBufferedAmount() ?? 0;
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
		if (code === undefined) return void this.#ws?.end();
		const fitted = fitClose(code, reason);
		this.#ws?.end(fitted.code, fitted.reason);
	}

	terminate(): void {
		this.#ws?.close();
	}

	attach(ws: WebSocket<UserData>): void {
		this.#ws = ws;
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

	drained(): void {
		this.#events?.drain();
	}

	/** The engine's object is gone. */
	ended(code: number, message: ArrayBuffer): void {
		this.#ws = undefined;
		// The engine says 0 where nobody gave a code, and with 1006 a text of its own that no peer sent.
		const end = { code: code === 0 ? 1005 : code, reason: code === 1006 ? '' : Buffer.from(message).toString() };
		const events = this.#events;
		this.#events = undefined;
		if (events) events.closed(end.code, end.reason);
		else this.#end = end;
	}
}
