import type { ReadableStreamDefaultReader, ReadableStreamReadResult } from 'node:stream/web';
import { setImmediate } from 'node:timers';
import { takeBytes } from './app-response.ts';

/** Bytes up to which a body of several chunks is put together; a single chunk may be of any size. */
const MAX_COLLECTED = 524_288;

/** The bytes of a body that was there at once; otherwise the same response, with a body that still comes. */
export type Taken =
	| { readonly bytes: Uint8Array<ArrayBuffer>; readonly response?: never }
	| { readonly bytes?: never; readonly response: Response };

/**
 * Takes the body of a response when all of it is there without waiting. A body that makes its reader wait is a stream and
 * comes back whole, its chunks held back for no longer than a turn of the event loop.
 */
export async function takeWhole(response: Response): Promise<Taken> {
	const whole = takeBytes(response);
	if (whole) return { bytes: whole };
	if (!response.body) return { response };
	const reader = response.body.getReader() as ReadableStreamDefaultReader<unknown>;
	const chunks: Uint8Array<ArrayBuffer>[] = [];
	let size = 0;
	for (;;) {
		const pending = reader.read();
		// The first chunk of a text is made when it is asked for; whatever follows it is there already, or it is a stream.
		const next = await Promise.race([pending, chunks.length === 0 ? turn() : ticks()]).catch(() => undefined);
		if (next?.done) return { bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) };
		if (!(next?.value instanceof Uint8Array)) return { response: new Response(rest(chunks, pending, reader), response) };
		chunks.push(next.value as Uint8Array<ArrayBuffer>);
		size += next.value.byteLength;
		if (chunks.length > 1 && size > MAX_COLLECTED) return { response: new Response(rest(chunks, undefined, reader), response) };
	}
}

type Read = Promise<ReadableStreamReadResult<unknown>>;

/** What was read, what is being read, and what comes after it. */
function rest(
	chunks: readonly Uint8Array[],
	pending: Read | undefined,
	reader: ReadableStreamDefaultReader<unknown>
): ReadableStream<Uint8Array> {
	let taken = 0;
	let next = pending;
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				if (taken < chunks.length) return controller.enqueue(chunks[taken++]!);
				const { done, value } = await (next ?? reader.read());
				next = undefined;
				// What is no bytes is for the transport to refuse.
				if (done) controller.close();
				else controller.enqueue(value as Uint8Array);
			},
			cancel: (reason) => reader.cancel(reason)
		},
		{ highWaterMark: 0 }
	);
}

function turn(): Promise<undefined> {
	return new Promise((resolve) => void setImmediate(resolve, undefined));
}

async function ticks(): Promise<undefined> {
	await undefined;
	await undefined;
	return undefined;
}
