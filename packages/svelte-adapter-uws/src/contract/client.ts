import type { Envelope } from './envelope.ts';

/** The Svelte store contract. */
export interface Readable<T> {
	subscribe(run: (value: T) => void): () => void;
}

/**
 * `connecting`: an attempt is running. `open`: connected, page visible. `suspended`: connected, page hidden.
 * `disconnected`: a retry is scheduled. `failed`: no further attempt will be made.
 */
export type Status = 'connecting' | 'open' | 'suspended' | 'disconnected' | 'failed';

/** Why the client is not connected; `null` while connected, before the first failure and after `close()`. */
export type Failure =
	| {
			readonly kind: 'ws-close';
			readonly class: 'TERMINAL' | 'EXHAUSTED' | 'THROTTLE' | 'RETRY';
			readonly code: number;
			readonly reason: string;
	  }
	| { readonly kind: 'auth-preflight'; readonly class: 'AUTH'; readonly status: number; readonly reason: string };

/** What kind of failure it was. */
export type FailureClass = Failure['class'];

/** A subscribe that the server refused. */
export interface Denial {
	readonly topic: string;
	readonly reason: string;
	readonly ref: number | string;
}

/** A question of the server that waits for a reply with its `ref`. */
export interface ServerRequest {
	readonly ref: number | string;
	readonly event: string;
	readonly data: unknown;
}

/** How to wait. */
export interface WaitOptions {
	/** Rejects with its reason when it aborts. */
	readonly signal?: AbortSignal;
}

/** Receives the envelopes of one wire frame that belong to it, in order; never an empty list. */
export type EnvelopeListener = (envelopes: readonly Envelope[]) => void;

/** One connection of one page, whatever happens to the sockets below it. */
export interface Client {
	readonly status: Readable<Status>;
	readonly failure: Readable<Failure | null>;
	readonly denials: Readable<Denial | null>;
	/** Largest frame in bytes that the server takes: 16,384 until it announced its own value. */
	readonly maxPayloadLength: number;
	/** Bytes that the current socket has not sent yet; 0 without a socket. */
	readonly bufferedAmount: number;
	/** True between the open of a socket and its close. */
	readonly connected: boolean;
	/** Sends now, or drops and returns false when there is no open socket. Text and bytes go as they are. */
	sendNow(frame: string | Uint8Array): boolean;
	/**
	 * Sends now, or queues until the socket opens. Over 1,000 queued frames the oldest is dropped; `onDropped` of that frame
	 * is called then, and on `close()`.
	 */
	sendQueued(frame: string | Uint8Array, onDropped?: () => void): void;
	/** Hears a topic without subscribing on the wire: for reserved topics, and topics that the server joined for this client. */
	listen(topic: string, listener: EnvelopeListener): () => void;
	/** Hears every envelope of every topic, before the topic's own listeners. */
	tap(listener: EnvelopeListener): () => void;
	/** Holds a wire subscription; the first holder subscribes, the last one to let go unsubscribes. Survives reconnects. */
	subscribe(topic: string): () => void;
	/** Leaves a topic that the server joined for this client, unless a `subscribe` still holds it. */
	release(topic: string): void;
	/**
	 * Calls `then` when everything has come that the server sent before it read what this client has sent so far: at once where there is no
	 * connection or its server answers no ping, and never when the connection is lost before.
	 */
	sync(then: () => void): void;
	/**
	 * Takes the requests of the server from now on, in the place of who took them before; without a taker they are dropped. The function
	 * that comes back ends that. The answer is a `reply` frame, which has to leave through the socket that brought the request.
	 */
	answer(run: (request: ServerRequest) => void): () => void;
	/** Called each time a socket has opened, after `hello`, `resume` and the resubscribes went out and before queued frames do. */
	onOpen(run: () => void): () => void;
	/** Called each time an open socket was lost or closed, and once when the client fails for good. */
	onDown(run: (failure: Failure | null, terminal: boolean) => void): () => void;
	/** Resolves when connected, rejects when the client failed for good. */
	ready(options?: WaitOptions): Promise<void>;
	/** Ends everything for good: timers, listeners, queue, socket. Idempotent. */
	close(): void;
}
