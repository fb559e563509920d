import type { ReadableStreamReadResult } from 'node:stream/web';
import type { HttpHandler, Recipient, RequestHead, StaticPlan } from '../../contract/http.ts';
import { toResponseHead, type ResponseHead } from './header-list.ts';
import type { RequestBody } from './request-body.ts';

/** Where one response goes. Every method is a no-op once the client has left or the response is complete. */
export interface ResponseSink extends Recipient {
	/** Called when the client leaves before the response is complete. */
	onGone: (() => void) | undefined;
	/** The status line has been written. */
	readonly started: boolean;
	/** A whole response. Without a body: `head.length` is only announced. */
	whole(head: ResponseHead, body: Uint8Array | undefined): void;
	/** Status, headers and the first chunk of a response that goes on. Returns whether there is room for more. */
	begin(head: ResponseHead, chunk: Uint8Array): boolean;
	/** The next chunk. Returns whether there is room for more. */
	write(chunk: Uint8Array): boolean;
	/** Resolves when there is room for more or, after the end, when everything has been taken; also when the client leaves. */
	room(): Promise<void>;
	end(): void;
	/** Drops the connection, so that a cut body is never taken for a whole one. */
	destroy(): void;
}

/** Milliseconds without progress after which a connection that does not take its response is dropped. */
export const STALL_MS = 30_000;

/** Bytes of a body that are written at a time where it ends its connection. */
const PIECE_BYTES = 65_536;

/** Lets the app answer and writes what it says. Never rejects. */
export async function answer(
	handler: HttpHandler,
	head: RequestHead,
	sink: ResponseSink,
	body: RequestBody | undefined
): Promise<void> {
	let failure: unknown;
	try {
		const { response, bytes } = await handler.respond(head, body?.stream, sink);
		if (body?.tooLarge && response.status !== 413 && !sink.gone) {
			sink.whole(...plain(413, `The body is larger than ${handler.bodyLimit} bytes.`, head.method));
			await response.body?.cancel();
		} else if (bytes) await sendWhole(sink, head.method, toResponseHead(response), bytes);
		else await sendResponse(sink, head.method, toResponseHead(response), response.body);
	} catch (error) {
		// A client that left is the reason for whatever failed then, and nobody's fault.
		if (!sink.gone) failure = error;
		giveUp(sink, head.method);
	} finally {
		body?.release();
		handler.settled(failure);
	}
}

/** An answer that is known before the app is asked. */
export function sendPlan(sink: ResponseSink, plan: StaticPlan, method: string): void {
	const { status, headers, length, body, close = false } = plan;
	const head = { status, headers, length: status === 304 ? undefined : length, close };
	sink.whole(head, method === 'HEAD' ? undefined : body);
}

/** Ends a response that cannot be completed: with a 500 while nothing has been written, abruptly afterwards. */
export function giveUp(sink: ResponseSink, method: string): void {
	if (sink.started) sink.destroy();
	else sink.whole(...plain(500, 'Internal Server Error', method));
}

async function sendWhole(sink: ResponseSink, method: string, head: ResponseHead, bytes: Uint8Array): Promise<void> {
	if (method === 'HEAD') return sink.whole({ ...head, length: head.length ?? bytes.byteLength }, undefined);
	checkLength(head, bytes.byteLength);
	await sendBytes(sink, { ...head, length: bytes.byteLength }, bytes);
	await sink.room();
}

async function sendBytes(sink: ResponseSink, head: ResponseHead, bytes: Uint8Array): Promise<void> {
	if (!head.close || bytes.byteLength <= PIECE_BYTES) return sink.whole(head, bytes);
	// What ends its connection is taken for sent once it has ended, so it must not end before the client has nearly all of it.
	let hasRoom = sink.begin(head, bytes.subarray(0, PIECE_BYTES));
	for (let at = PIECE_BYTES; at < bytes.byteLength; at += PIECE_BYTES) {
		if (!hasRoom) await sink.room();
		if (sink.gone) return;
		hasRoom = sink.write(bytes.subarray(at, at + PIECE_BYTES));
	}
	if (!hasRoom) await sink.room();
	sink.end();
}

/** Writes a body as it comes, no faster than the client takes it. Rejects when the body fails or is not as long as announced. */
async function sendResponse(
	sink: ResponseSink,
	method: string,
	head: ResponseHead,
	body: ReadableStream<unknown> | null
): Promise<void> {
	if (sink.gone) return body?.cancel(sink.signal.reason);
	if (method === 'HEAD' || !body || isBodyless(head.status)) {
		if (method === 'HEAD') sink.whole(head, undefined);
		else if (isBodyless(head.status)) sink.whole({ ...head, length: undefined }, undefined);
		else sink.whole({ ...head, length: 0 }, EMPTY);
		return body?.cancel();
	}
	const reader = body.getReader();
	const leave = (): void => void reader.cancel(sink.signal.reason).catch(() => {});
	sink.onGone = leave;
	try {
		await copy(reader, sink, head);
		await sink.room();
	} catch (error) {
		leave();
		throw error;
	} finally {
		sink.onGone = undefined;
	}
}

async function copy(reader: ReadableStreamDefaultReader<unknown>, sink: ResponseSink, head: ResponseHead): Promise<void> {
	const first = toBytes(await reader.read());
	if (!first || first.byteLength === head.length) {
		checkLength(head, first?.byteLength ?? 0);
		return sendBytes(sink, { ...head, length: first?.byteLength ?? 0 }, first ?? EMPTY);
	}
	let next: Promise<ReadableStreamReadResult<unknown>> | undefined;
	if (head.length === undefined) {
		// A body of one chunk says at once that there is no more; nobody waits for a second one.
		next = reader.read();
		if ((await Promise.race([next, nothingYet()]))?.done) return sendBytes(sink, { ...head, length: first.byteLength }, first);
	}
	let sent = first.byteLength;
	let hasRoom = sink.begin(head, first);
	for (;;) {
		if (!hasRoom) await sink.room();
		if (sink.gone) return;
		const chunk = toBytes(await (next ?? reader.read()));
		if (sink.gone) return;
		if (!chunk) break;
		next = undefined;
		sent += chunk.byteLength;
		if (head.length !== undefined && sent > head.length) checkLength(head, sent);
		hasRoom = chunk.byteLength === 0 || sink.write(chunk);
	}
	checkLength(head, sent);
	sink.end();
}

const EMPTY: Uint8Array = new Uint8Array(0);

async function nothingYet(): Promise<undefined> {
	await undefined;
	await undefined;
	return undefined;
}

function toBytes({ done, value }: ReadableStreamReadResult<unknown>): Uint8Array | undefined {
	if (done) return undefined;
	if (value instanceof Uint8Array) return value;
	if (typeof value === 'string') return Buffer.from(value);
	throw new TypeError('A response body yielded something that is neither bytes nor text. Encode it first.');
}

function checkLength({ length }: ResponseHead, sent: number): void {
	if (length === undefined || length === sent) return;
	throw new RangeError(
		`A response announced ${length} bytes and has ${sent > length ? 'more' : `only ${sent}`}. Leave Content-Length out, or make it right.`
	);
}

function isBodyless(status: number): boolean {
	return status === 204 || status === 304;
}

function plain(status: number, text: string, method: string): [ResponseHead, Uint8Array | undefined] {
	const body = Buffer.from(text);
	const headers = [
		['content-type', 'text/plain; charset=utf-8'],
		['x-content-type-options', 'nosniff']
	] as const;
	return [{ status, headers, length: body.length, close: false }, method === 'HEAD' ? undefined : body];
}
