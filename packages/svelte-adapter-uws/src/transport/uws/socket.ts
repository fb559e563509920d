import type { WebSocket } from 'uWebSockets.js';
import type { Frame, SendStatus, Socket, SocketEvents } from '../../contract/transport.ts';
import { normalizeAddress } from '../shared/address.ts';
import { fitClose } from '../shared/close-frame.ts';

/** What the engine keeps for one socket. */
export interface UserData {
	/** What the upgrade decision carries, until the socket has opened. */
	data: unknown;
	socket: UwsSocket | undefined;
	events: SocketEvents | undefined;
	/** How it ended while it was being opened. */
	closed?: { readonly code: number; readonly reason: string };
}

const STATUS: readonly SendStatus[] = ['queued', 'sent', 'dropped'];

/** A uWebSockets.js socket that may be used after it closed: the engine throws then, this does nothing. */
export class UwsSocket implements Socket {
	readonly remoteAddress: string;
	#ws: WebSocket<UserData> | undefined;

	constructor(ws: WebSocket<UserData>) {
		this.#ws = ws;
		this.remoteAddress = normalizeAddress(Buffer.from(ws.getRemoteAddressAsText()).toString());
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
		this.#ws?.cork(write);
	}

	close(code?: number, reason = ''): void {
		if (code === undefined) return void this.#ws?.end();
		const fitted = fitClose(code, reason);
		this.#ws?.end(fitted.code, fitted.reason);
	}

	terminate(): void {
		this.#ws?.close();
	}

	/** The engine's object is gone. */
	detach(): void {
		this.#ws = undefined;
	}
}
