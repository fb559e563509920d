import type { Frame, SendStatus, Socket, SocketEvents } from '../../contract/transport.ts';
import { fitClose } from '../shared/close-frame.ts';
import type { Acceptance } from '../shared/handshake.ts';
import type { Topics } from '../shared/topics.ts';
import { ADDRESS, joinHeaders } from './handshake.ts';

/** The browser's end of an in-process connection. Frames arrive in later microtasks, in order; what comes before its listener is set waits for it. */
export interface MemoryPeer {
	/** Headers of the answer to the handshake, by lower-case name, repeated ones joined by `, `. */
	readonly headers: Readonly<Record<string, string>>;
	send(frame: Frame): void;
	/** Without a code the server hears 1005. */
	close(code?: number, reason?: string): void;
	/** Goes away without a close frame: the server hears 1006. */
	drop(): void;
	onmessage: (frame: Frame) => void;
	onclose: (code: number, reason: string) => void;
}

interface End {
	readonly code: number;
	readonly reason: string;
}

/** What a wire would carry: bytes that nobody else can change, text that is well formed. */
const carried = (frame: Frame): Frame => (typeof frame === 'string' ? frame.toWellFormed() : new Uint8Array(frame));

class Peer implements MemoryPeer {
	readonly headers: Readonly<Record<string, string>>;
	readonly #socket: MemorySocket;
	readonly #early: Frame[] = [];
	#onmessage: ((frame: Frame) => void) | undefined;
	#onclose: ((code: number, reason: string) => void) | undefined;
	#end: End | undefined;

	constructor(socket: MemorySocket, { protocol, headers }: Acceptance) {
		this.#socket = socket;
		this.headers = joinHeaders(protocol === '' ? headers : [...headers, ['sec-websocket-protocol', protocol]]);
	}

	get onmessage(): (frame: Frame) => void {
		return this.#onmessage ?? (() => {});
	}

	set onmessage(listener: (frame: Frame) => void) {
		this.#onmessage = listener;
		for (const frame of this.#early.splice(0)) listener(frame);
	}

	get onclose(): (code: number, reason: string) => void {
		return this.#onclose ?? (() => {});
	}

	set onclose(listener: (code: number, reason: string) => void) {
		this.#onclose = listener;
		if (this.#end) listener(this.#end.code, this.#end.reason);
	}

	send(frame: Frame): void {
		const sent = carried(frame);
		queueMicrotask(() => this.#socket.received(sent));
	}

	close(code = 1005, reason = ''): void {
		queueMicrotask(() => this.#socket.ended(code, reason));
	}

	drop(): void {
		queueMicrotask(() => this.#socket.ended(1006, ''));
	}

	deliver(frame: Frame): void {
		if (this.#onmessage) this.#onmessage(frame);
		else this.#early.push(frame);
	}

	end(code: number, reason: string): void {
		this.#end = { code, reason };
		this.#onclose?.(code, reason);
	}
}

/** The server's end. It never has to wait for its peer, so that nothing is ever queued or dropped. */
export class MemorySocket implements Socket {
	readonly remoteAddress: string = ADDRESS;
	readonly bufferedAmount = 0;
	readonly congested = false;
	readonly #peer: Peer;
	readonly #groups: Topics<MemorySocket>;
	readonly #maxPayloadLength: number;
	readonly #gone: () => void;
	readonly #topics = new Set<string>();
	#events: SocketEvents | undefined;
	#end: End | undefined;

	constructor(groups: Topics<MemorySocket>, maxPayloadLength: number, acceptance: Acceptance, gone: () => void) {
		this.#groups = groups;
		this.#maxPayloadLength = maxPayloadLength;
		this.#gone = gone;
		this.#peer = new Peer(this, acceptance);
	}

	get peer(): MemoryPeer {
		return this.#peer;
	}

	send(frame: Frame): SendStatus {
		if (this.#end) return 'dropped';
		const sent = carried(frame);
		queueMicrotask(() => this.#peer.deliver(sent));
		return 'sent';
	}

	subscribe(topic: string): void {
		if (this.#end) return;
		this.#topics.add(topic);
		this.#groups.join(topic, this);
	}

	unsubscribe(topic: string): void {
		this.#topics.delete(topic);
		this.#groups.leave(topic, this);
	}

	cork(write: () => void): void {
		if (!this.#end) write();
	}

	close(code?: number, reason = ''): void {
		if (code === undefined) return this.ended(1005, '');
		const fitted = fitClose(code, reason);
		this.ended(fitted.code, fitted.reason);
	}

	terminate(): void {
		this.ended(1006, '');
	}

	/** From now on the handler hears of what happens, beginning with an end that came while it was opening the socket. */
	hear(events: SocketEvents): void {
		if (this.#end) events.closed(this.#end.code, this.#end.reason);
		else this.#events = events;
	}

	received(frame: Frame): void {
		if (this.#end) return;
		if (Buffer.byteLength(frame) > this.#maxPayloadLength) return this.ended(1009, '');
		this.#events?.message(frame);
	}

	/** The connection is over at both ends. Only the first call counts. */
	ended(code: number, reason: string): void {
		if (this.#end) return;
		this.#end = { code, reason };
		for (const topic of this.#topics) this.#groups.leave(topic, this);
		this.#topics.clear();
		this.#gone();
		queueMicrotask(() => this.#peer.end(code, reason));
		const events = this.#events;
		this.#events = undefined;
		events?.closed(code, reason);
	}
}
