/** A header list in the order in which it is written. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** An answer that is known at once and needs no app code. The transport writes it as it is; for HEAD it leaves the body out. */
export interface StaticPlan {
	readonly status: number;
	readonly headers: HeaderList;
	/** Absent for 304 and HEAD. */
	readonly body?: Uint8Array;
	/** Bytes of the body that GET would send. */
	readonly length: number;
	/** The connection ends with this answer, and nothing that was sent after the request is looked at. */
	readonly close?: boolean;
}

/** Where a request came from, as the transport knows it. */
export interface Peer {
	/** Read when somebody asks for it; `''` once the client has left. */
	readonly address: string;
	/** True on a TLS listener. */
	readonly secure: boolean;
}

/** The client that waits for an answer. */
export interface Recipient {
	/** It has left before the answer was complete. */
	readonly gone: boolean;
	/** Aborts when it leaves. Made when somebody asks for it, because most apps never do. */
	readonly signal: AbortSignal;
}

/** What the app says to a request. */
export interface Answer {
	readonly response: Response;
	/** All of the body, where it was there without being read as a stream; the response has none then. */
	readonly bytes?: Uint8Array | undefined;
}

/** A request as a transport parsed it: no body yet, nothing decoded. */
export interface RequestHead {
	readonly method: string;
	/** Path as sent, percent-encoded, without the query. */
	readonly path: string;
	/** Query as sent, without `?`; `''` when there is none. */
	readonly query: string;
	/** The value of one header by lower-case name, repeated lines joined by `, ` (cookies by `; `); `''` when absent. */
	header(name: string): string;
	/** Every header line in order, names in lower case. */
	readonly headers: HeaderList;
	readonly peer: Peer;
}

/** What a transport asks about an HTTP request. Implemented once, in `http/`. */
export interface HttpHandler {
	/** Largest request body in bytes; `Infinity` = no limit. The transport enforces it while it reads, `plan` where it is announced. */
	readonly bodyLimit: number;
	/** Synchronous, so that uWS can answer a file in memory without leaving its callback; `undefined` = ask `respond`. */
	plan(head: RequestHead): StaticPlan | undefined;
	/**
	 * Answers with app code, or with a file that is read from disk. `body` is pulled lazily; it errors with a `PayloadTooLargeError` past the limit and with the
	 * abort reason when the client leaves. Never rejects: failures are 4xx or 5xx responses.
	 */
	respond(head: RequestHead, body: ReadableStream<Uint8Array> | undefined, client: Recipient): Promise<Answer>;
	/** Called once per `respond`, when its answer has been written or given up; `error` says why it could not be written. */
	settled(error?: unknown): void;
}
