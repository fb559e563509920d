import type { Connection } from '../contract/connection.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import type { CoalescedMessage, Platform, RequestOptions } from '../contract/platform.ts';
import type { Frame, SendStatus, Socket } from '../contract/transport.ts';
import { CLOSE_CODES } from '../protocol/close-codes.ts';
import { encodeData, encodePrefix } from '../protocol/envelope-codec.ts';
import { unsafeIndex } from '../protocol/topic.ts';
import type { Listeners, Member, Variant } from './audience.ts';
import { Coalesced } from './coalesced.ts';
import type { ConnectionParts } from './connection-parts.ts';
import { isolate } from './isolation.ts';
import { toBuffer, toFrame } from './message.ts';
import { connectionClosed, Requests } from './requests.ts';
import type { Sender } from './turn.ts';

type CloseListener = (ws: Connection) => void;

const CODE: Readonly<Record<SendStatus, 0 | 1 | 2>> = { queued: 0, sent: 1, dropped: 2 };

/** One client: its socket, its topics and what was counted of it. Made small, because there are many of them. */
export class ServerConnection<Parts extends ConnectionParts = ConnectionParts> implements Connection, Member, Sender {
	readonly id: string;
	readonly socket: Socket;
	/** The hooks that it was opened with, for as long as it lives. */
	readonly hooks: WebSocketHooks;
	readonly openedAt: number;
	/** False once either side has begun to close: nothing more is sent or handled. */
	open = true;
	variant: Variant = 0;
	messagesIn = 0;
	bytesIn = 0;
	messagesOut = 0;
	bytesOut = 0;
	protected readonly parts: Parts;
	readonly #userData: unknown;
	#requestId: string | undefined;
	#topics: Set<string> | undefined;
	#abort: AbortController | undefined;
	/** Who hears of its close; absent when nobody does, and no list where it is one. */
	#closeListeners: CloseListener | CloseListener[] | undefined;
	#platform: Platform | undefined;
	/** What the client was asked; absent when it never was. */
	requests: Requests | undefined;
	/** What waited for room; absent when nothing ever did. */
	coalesced: Coalesced | undefined;
	/** It missed something that it must not miss, and is about to be closed. */
	#isBehind = false;

	constructor(
		parts: Parts,
		socket: Socket,
		hooks: WebSocketHooks,
		opened: { readonly userData: unknown; readonly requestId: string | undefined }
	) {
		this.parts = parts;
		this.socket = socket;
		this.hooks = hooks;
		this.#userData = opened.userData;
		this.#requestId = opened.requestId;
		this.id = parts.randomId();
		this.openedAt = parts.clock.now();
	}

	get requestId(): string {
		return (this.#requestId ??= this.parts.randomId());
	}

	get platform(): Platform {
		return (this.#platform ??= this.parts.platformFor(this.requestId));
	}

	get topics(): ReadonlySet<string> {
		return this.#topics ?? this.parts.noTopics;
	}

	get signal(): AbortSignal {
		this.#abort ??= new AbortController();
		if (!this.open) this.#abort.abort();
		return this.#abort.signal;
	}

	onClose(listener: CloseListener): boolean {
		if (!this.open) return false;
		this.#closeListeners = this.#closeListeners ? [this.#closeListeners, listener].flat() : listener;
		return true;
	}

	getUserData(): any {
		return this.#userData;
	}

	subscribe(topic: string): boolean {
		if (!this.open) return false;
		if (this.#topics?.has(topic)) return true;
		// Nothing can be published under such a name; in the engine it could stand for another topic's variant.
		if (typeof topic !== 'string' || unsafeIndex(topic) >= 0) return false;
		void this.parts.publisher.order.enter(topic);
		// Who joins between two publishes of one turn hears exactly the second.
		this.parts.publisher.flush();
		// The name that everybody holds, not one more copy of it.
		(this.#topics ??= new Set()).add(this.#join(topic));
		return true;
	}

	unsubscribe(topic: string): boolean {
		if (!this.open || !this.#topics?.has(topic)) return false;
		this.parts.publisher.flush();
		this.#topics.delete(topic);
		this.coalesced?.delete(topicKey(topic));
		this.coalesced?.deleteAll(`${topicKey(topic)}\n`);
		this.#leave(topic);
		return true;
	}

	isSubscribed(topic: string): boolean {
		return this.open && this.topics.has(topic);
	}

	getTopics(): string[] {
		return this.open ? [...this.topics] : [];
	}

	/** Without `isBinary` text leaves as text and bytes as bytes; with it the frame is of that kind, whatever was given. */
	send(message: Frame | ArrayBuffer, isBinary?: boolean): 0 | 1 | 2 {
		return this.sendFrame(toFrame(message, isBinary));
	}

	sendOrClose(message: Frame): void {
		if (!this.#isBehind) this.sendFrame(message, this);
	}

	/** Sends a frame after everything that was published before; counts it unless it was dropped. */
	sendFrame(frame: Frame, sender?: Sender): 0 | 1 | 2 {
		if (!this.open) return 2;
		const status = this.parts.publisher.send(this.socket, frame, sender);
		if (status !== 'dropped') {
			this.messagesOut++;
			if (this.hooks.close) this.bytesOut += this.parts.bytes.count(frame);
		}
		return CODE[status];
	}

	/** Asks the client and waits for its reply. */
	request(event: string, data: unknown, options: RequestOptions | undefined): Promise<unknown> {
		if (!this.open) return Promise.reject(connectionClosed());
		this.requests ??= new Requests({
			clock: this.parts.clock,
			timeoutMs: this.parts.requestTimeoutMs,
			send: (frame) => {
				this.parts.publisher.flush();
				return this.sendFrame(frame) !== 2;
			},
			full: () => this.parts.telemetry({ name: 'limit.pendingRequests' })
		});
		return this.requests.ask(event, data, options);
	}

	/** Sends the value, or keeps it until there is room. Throws a TypeError for names that cannot travel. */
	sendCoalesced({ key, topic, event, data }: CoalescedMessage): void {
		const prefix = encodePrefix(topic, event);
		if (!this.open) return;
		this.parts.publisher.flush();
		this.#latest().put(`key ${key}`, () => `${prefix}${encodeData(data)}}`);
	}

	/** Takes a frame of a topic that is not left to the engine: the socket that finds no room for it is dealt with by the topic's policy. */
	offer({ topic, policy }: Listeners, frame: string): void {
		if (!this.open || this.#isBehind) return;
		if (policy === 'coalesce') return this.#latest().put(topicKey(topic), () => frame);
		if (this.sendFrame(frame) === 2) this.missed(topic);
	}

	/** It did not get what it must not miss: it is closed, and comes back for it. */
	missed(topic?: string): void {
		if (!this.open || this.#isBehind) return;
		this.#isBehind = true;
		this.parts.telemetry({ name: 'socket.tooSlow', ...(topic === undefined ? {} : { labels: { topic } }) });
		// Not now, in the middle of a fan-out: what hears of a close may publish.
		this.parts.clock.soon(() => this.close(CLOSE_CODES.THROTTLED, 'too slow'));
	}

	/** Whether frames wait for room. */
	get isSlow(): boolean {
		return this.socket.congested || (this.coalesced?.size ?? 0) > 0;
	}

	/** Takes a frame of a topic that takes the place of the one before it with this key, where that has not left yet. */
	replace(topic: string, key: string, frame: string): void {
		if (!this.open || this.#isBehind) return;
		const name = `${topicKey(topic)}\n${key}`;
		const latest = this.#latest();
		// It leaves in its own order, not in that of the one before it.
		latest.delete(name);
		latest.put(name, () => frame);
	}

	cork(write: () => void): this {
		if (this.open) this.socket.cork(write);
		return this;
	}

	getBufferedAmount(): number {
		return this.open ? this.socket.bufferedAmount : 0;
	}

	close(code = 1000, reason = ''): void {
		if (!this.open) return;
		this.parts.publisher.flush();
		this.open = false;
		this.socket.close(code, reason);
	}

	end(code?: number, reason?: string): void {
		this.close(code, reason);
	}

	getRemoteAddressAsText(): ArrayBuffer {
		return toBuffer(this.socket.remoteAddress);
	}

	/** Sends what waited for room. */
	protected flushCoalesced(): void {
		if (!this.coalesced) return;
		// What was published before the room came is part of what waited.
		this.parts.publisher.flush();
		this.coalesced.flush();
	}

	#latest(): Coalesced {
		return (this.coalesced ??= new Coalesced({
			congested: () => this.socket.congested,
			send: (frame) => this.sendFrame(frame),
			failed: (error) => this.parts.report('sendCoalesced', error, this.requestId),
			full: () => this.parts.telemetry({ name: 'limit.coalescedKeys' })
		}));
	}

	/** Takes frames in another form from now on, in every topic it holds. */
	protected changeVariant(variant: Variant): void {
		this.parts.publisher.flush();
		for (const topic of this.topics) this.#leave(topic);
		this.variant = variant;
		for (const topic of this.topics) this.#join(topic);
	}

	/** From now on nothing is sent or handled, though the socket is still to be closed. Gives the topics it held. */
	protected silence(): ReadonlySet<string> {
		this.parts.publisher.flush();
		const held = this.topics;
		for (const topic of held) this.#leave(topic);
		this.#topics = undefined;
		this.release();
		return held;
	}

	/** Lets go of everything; gives the topics it held. The socket is closed already, or closing. */
	protected release(): ReadonlySet<string> {
		this.open = false;
		const held = this.topics;
		for (const topic of held) this.parts.audience.leave(topic, this);
		this.#topics = undefined;
		this.#abort?.abort();
		const listeners = [this.#closeListeners ?? []].flat();
		this.#closeListeners = undefined;
		for (const listener of listeners)
			isolate(
				() => listener(this),
				(error) => this.parts.report('onClose', error, this.requestId)
			);
		this.requests?.close();
		this.coalesced?.clear();
		return held;
	}

	#join(topic: string): string {
		const listeners = this.parts.audience.join(topic, this);
		if (!listeners.members) this.socket.subscribe(listeners.engineTopic(this.variant));
		return listeners.topic;
	}

	#leave(topic: string): void {
		const listeners = this.parts.audience.leave(topic, this);
		if (listeners && !listeners.members) this.socket.unsubscribe(listeners.engineTopic(this.variant));
	}
}

/** Under which the latest event of a topic waits; never the key of a direct send. */
const topicKey = (topic: string): string => `topic ${topic}`;
