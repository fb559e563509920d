import type { Connection } from '../contract/connection.ts';
import type { Platform } from '../contract/platform.ts';
import type { Frame, SendStatus, Socket } from '../contract/transport.ts';
import { engineTopic, type Audience, type Variant } from './audience.ts';
import type { Publisher } from './publisher.ts';

/** What every connection of one server shares. */
export interface ConnectionParts {
	readonly publisher: Publisher;
	readonly audience: Audience;
	readonly platformFor: (requestId: string) => Platform;
	readonly randomId: () => string;
	readonly now: () => number;
}

const CODE: Readonly<Record<SendStatus, 0 | 1 | 2>> = { queued: 0, sent: 1, dropped: 2 };
const EMPTY: ReadonlySet<string> = new Set<string>();
const encoder = new TextEncoder();

/** One client: its socket, its topics and what was counted of it. Made small, because there are many of them. */
export class ServerConnection implements Connection {
	readonly id: string;
	readonly openedAt: number;
	readonly socket: Socket;
	open = true;
	messagesIn = 0;
	bytesIn = 0;
	messagesOut = 0;
	bytesOut = 0;
	variant: Variant = 0;
	protected readonly shared: ConnectionParts;
	readonly #userData: unknown;
	#requestId: string | undefined;
	#topics: Set<string> | undefined;
	#abort: AbortController | undefined;
	#platform: Platform | undefined;

	constructor(shared: ConnectionParts, socket: Socket, userData: unknown, requestId: string | undefined) {
		this.shared = shared;
		this.socket = socket;
		this.#userData = userData;
		this.#requestId = requestId;
		this.id = shared.randomId();
		this.openedAt = shared.now();
	}

	get signal(): AbortSignal {
		this.#abort ??= new AbortController();
		if (!this.open) this.#abort.abort();
		return this.#abort.signal;
	}

	get platform(): Platform {
		return (this.#platform ??= this.shared.platformFor((this.#requestId ??= this.shared.randomId())));
	}

	get topics(): ReadonlySet<string> {
		return this.#topics ?? EMPTY;
	}

	getUserData(): any {
		return this.#userData;
	}

	subscribe(topic: string): boolean {
		if (!this.open || this.#topics?.has(topic)) return this.open;
		// Who joins between two publishes of one turn hears exactly the second.
		this.shared.publisher.flush();
		(this.#topics ??= new Set()).add(topic);
		this.shared.audience.join(topic, this.variant);
		this.socket.subscribe(engineTopic(topic, this.variant));
		return true;
	}

	unsubscribe(topic: string): boolean {
		if (!this.#topics?.has(topic)) return false;
		this.shared.publisher.flush();
		this.#topics.delete(topic);
		this.shared.audience.leave(topic, this.variant);
		this.socket.unsubscribe(engineTopic(topic, this.variant));
		return true;
	}

	isSubscribed(topic: string): boolean {
		return this.#topics?.has(topic) ?? false;
	}

	getTopics(): string[] {
		return [...this.topics];
	}

	send(message: Frame | ArrayBuffer, _isBinary?: boolean): 0 | 1 | 2 {
		return this.sendFrame(message instanceof ArrayBuffer ? new Uint8Array(message) : message);
	}

	/** Sends a frame after everything that was published before; counts it unless it was dropped. */
	sendFrame(frame: Frame): 0 | 1 | 2 {
		if (!this.open) return 2;
		const status = this.shared.publisher.send(this.socket, frame);
		if (status !== 'dropped') {
			this.messagesOut++;
			this.bytesOut += sizeOf(frame);
		}
		return CODE[status];
	}

	cork(write: () => void): this {
		if (this.open) this.socket.cork(write);
		return this;
	}

	getBufferedAmount(): number {
		return this.socket.bufferedAmount;
	}

	close(code = 1000, reason = ''): void {
		if (!this.open) return;
		this.shared.publisher.flush();
		this.socket.close(code, reason);
	}

	end(code?: number, reason?: string): void {
		this.close(code, reason);
	}

	getRemoteAddressAsText(): ArrayBuffer {
		return encoder.encode(this.socket.remoteAddress).buffer as ArrayBuffer;
	}

	/** Takes frames in another form from now on, in every topic it holds. */
	changeVariant(variant: Variant): void {
		if (variant === this.variant) return;
		this.shared.publisher.flush();
		for (const topic of this.topics) {
			this.shared.audience.leave(topic, this.variant);
			this.socket.unsubscribe(engineTopic(topic, this.variant));
			this.shared.audience.join(topic, variant);
			this.socket.subscribe(engineTopic(topic, variant));
		}
		this.variant = variant;
	}

	/** Lets go of everything; gives the topics it held. The socket is closed already. */
	release(): ReadonlySet<string> {
		this.open = false;
		const held = this.topics;
		for (const topic of held) this.shared.audience.leave(topic, this.variant);
		this.#topics = undefined;
		this.#abort?.abort();
		return held;
	}
}

/** Bytes of a frame on the wire, without its header. */
export function sizeOf(frame: Frame): number {
	if (typeof frame !== 'string') return frame.byteLength;
	let bytes = frame.length;
	for (let i = 0; i < frame.length; i++) {
		const unit = frame.charCodeAt(i);
		// A surrogate is half of a four-byte character.
		if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
	}
	return bytes;
}
