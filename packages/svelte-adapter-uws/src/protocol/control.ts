/** What a client asks of the server; `ref` wants an answer. */
export type ClientControl =
	| { readonly type: 'hello'; readonly caps: readonly string[] }
	| { readonly type: 'ping' }
	| { readonly type: 'subscribe'; readonly topic: string; readonly ref: Ref | undefined }
	| { readonly type: 'subscribe-batch'; readonly topics: readonly unknown[]; readonly ref: Ref | undefined }
	| { readonly type: 'unsubscribe'; readonly topic: string }
	| { readonly type: 'resume'; readonly sessionId: string; readonly lastSeenSeqs: Readonly<Record<string, unknown>>; readonly eps: Readonly<Record<string, unknown>> }
	| { readonly type: 'reply'; readonly ref: Ref; readonly data: unknown; readonly error: string | undefined };

/** Correlates a request and its answer. */
export type Ref = number | string;

/** Capabilities that this server announces, and what a client may list in `hello`. */
export const CAPS = { batch: 'batch', epoch: 'epoch', ping: 'ping' } as const;

/** A control frame that a client sends: `type` first, no white space, or the server takes it for the application's. */
export function encodeClientControl(frame: Record<string, unknown> & { readonly type: ClientControl['type'] }): string {
	const { type, ...rest } = frame;
	return JSON.stringify({ type, ...rest });
}

/** The first frame of every connection. */
export function encodeWelcome(sessionId: string, epoch: string, maxPayloadLength: number): string {
	return `{"type":"welcome","sessionId":"${sessionId}","caps":["ping","epoch"],"ep":"${epoch}","maxPayloadLength":${maxPayloadLength}}`;
}

export function encodeSubscribed(topic: string, ref: Ref): string {
	return `{"type":"subscribed","topic":${JSON.stringify(topic)},"ref":${JSON.stringify(ref)}}`;
}

/** `topic` is whatever the client asked for, of any type: it finds its own mistake by it. */
export function encodeDenied(topic: unknown, ref: Ref, reason: string): string {
	return `{"type":"subscribe-denied","topic":${JSON.stringify(topic)},"ref":${JSON.stringify(ref)},"reason":${JSON.stringify(reason)}}`;
}

export const RESUMED = '{"type":"resumed"}';
export const PONG = '{"type":"pong"}';
