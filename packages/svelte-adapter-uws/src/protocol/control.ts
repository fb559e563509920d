import type { Position } from '../contract/envelope.ts';

/** Correlates a request and its answer. */
export type Ref = number | string;

/** What a client asks of the server; `ref` wants an answer. */
export type ClientControl =
	| { readonly type: 'hello'; readonly caps: readonly string[] }
	| { readonly type: 'ping' }
	| { readonly type: 'subscribe'; readonly topic: string; readonly ref?: Ref | undefined }
	| { readonly type: 'subscribe-batch'; readonly topics: readonly unknown[]; readonly ref?: Ref | undefined }
	| { readonly type: 'unsubscribe'; readonly topic: string }
	| Resume
	| Reply;

/** The answer to a `request` of the server; `error` means that the client refuses. */
export interface Reply {
	readonly type: 'reply';
	readonly ref: Ref;
	readonly data?: unknown;
	readonly error?: string | undefined;
}

/** A returning client: its last session, and by topic the highest `seq` it saw and the epoch that belongs to it. */
export interface Resume {
	readonly type: 'resume';
	readonly sessionId: string;
	readonly lastSeenSeqs: Readonly<Record<string, unknown>>;
	/** Only for servers that listed `epoch`. */
	readonly eps?: Readonly<Record<string, unknown>> | undefined;
}

/** What the server tells a client apart from events. */
export type ServerControl =
	| Welcome
	| Subscribed
	| { readonly type: 'subscribe-denied'; readonly topic: unknown; readonly ref: Ref; readonly reason: string }
	| { readonly type: 'resumed' }
	| { readonly type: 'pong' }
	| { readonly type: 'request'; readonly ref: Ref; readonly event: string; readonly data: unknown };

/** A topic has been joined. `position`: everything after it will come; absent where the events of the topic are not kept. */
export interface Subscribed {
	readonly type: 'subscribed';
	readonly topic: string;
	readonly ref: Ref;
	readonly position?: Position;
}

/** The first frame of every connection. Servers that know no additions send the session id alone. */
export interface Welcome {
	readonly type: 'welcome';
	readonly sessionId: string;
	/** What the server can do beyond the base protocol; empty when it does not say. */
	readonly caps: readonly string[];
	/** Epoch of the server's positions; `''` when it does not say. */
	readonly ep: string;
	/** Largest frame in bytes that the server takes; `undefined` when it does not say. */
	readonly maxPayloadLength: number | undefined;
}

/** Names of capabilities. A client lists `batch` and `epoch` in `hello`; the server lists `ping` and `epoch` in `welcome`. */
export const CAPS = { batch: 'batch', epoch: 'epoch', ping: 'ping' } as const;

/** A control frame of a client: `type` first and no white space, or the server takes it for the application's. */
export function encodeClientControl(frame: ClientControl): string {
	const { type, ...rest } = frame;
	return JSON.stringify({ type, ...rest });
}

/** `sessionId` and `epoch` must need no escaping. */
export function encodeWelcome(sessionId: string, epoch: string, maxPayloadLength: number): string {
	return `{"type":"welcome","sessionId":"${sessionId}","caps":["ping","epoch"],"ep":"${epoch}","maxPayloadLength":${maxPayloadLength}}`;
}

/** `position` is for clients that listed `epoch`. */
export function encodeSubscribed(topic: string, ref: Ref, position?: Position): string {
	const at = position ? `,"seq":${position.seq},"ep":"${position.epoch}"` : '';
	return `{"type":"subscribed","topic":${JSON.stringify(topic)},"ref":${JSON.stringify(ref)}${at}}`;
}

/** `topic` is whatever the client asked for, of any type: it finds its own mistake by it. */
export function encodeDenied(topic: unknown, ref: Ref, reason: string): string {
	return `{"type":"subscribe-denied","topic":${JSON.stringify(topic)},"ref":${JSON.stringify(ref)},"reason":${JSON.stringify(reason)}}`;
}

/** Throws a TypeError for an event that is no text, and for data that JSON cannot carry. */
export function encodeRequest(ref: Ref, event: string, data: unknown): string {
	if (typeof event !== 'string') throw new TypeError(`event: got ${typeof event}, expected a string.`);
	return `{"type":"request","ref":${JSON.stringify(ref)},"event":${JSON.stringify(event)},"data":${JSON.stringify(data) ?? 'null'}}`;
}

export const RESUMED = '{"type":"resumed"}';
export const PONG = '{"type":"pong"}';
