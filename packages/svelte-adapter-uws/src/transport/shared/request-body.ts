import type { RequestHead } from '../../contract/http.ts';
import { headerValue } from './header-list.ts';

/** Whether a request brings a body that the app may read. */
export function hasBody({ method, headers }: RequestHead): boolean {
	if (method === 'GET' || method === 'HEAD') return false;
	const length = headerValue(headers, 'content-length');
	return length === '' ? headerValue(headers, 'transfer-encoding') !== '' : Number(length) > 0;
}

/** The body of a request is larger than the limit. */
export class PayloadTooLargeError extends Error {
	override readonly name = 'PayloadTooLargeError';
	readonly status = 413;
}

/** How a body tells its connection to stop and to go on reading. */
export interface Flow {
	pause(): void;
	resume(): void;
}

/** Bytes that may lie unread before the connection is paused. */
const HIGH_WATER_MARK = 65_536;

/** A request body between the connection that pushes it and the app that pulls it. Nothing is read ahead but a small buffer. */
export class RequestBody {
	readonly stream: ReadableStream<Uint8Array>;
	/** The limit was passed: the stream has errored and the rest is thrown away. */
	tooLarge = false;
	readonly #limit: number;
	readonly #flow: Flow;
	#received = 0;
	#paused = false;
	#done = false;
	#controller!: ReadableStreamDefaultController<Uint8Array>;

	/** `limit` in bytes; `Infinity` = none. */
	constructor(limit: number, flow: Flow) {
		this.#limit = limit;
		this.#flow = flow;
		this.stream = new ReadableStream<Uint8Array>(
			{
				start: (controller) => void (this.#controller = controller),
				pull: () => this.#resume(),
				cancel: () => this.release()
			},
			{ highWaterMark: 0, size: (chunk) => chunk.byteLength }
		);
	}

	/** Whether chunks are still of use to somebody. */
	get wanted(): boolean {
		return !this.#done;
	}

	/** Takes a chunk that nobody else holds. */
	push(chunk: Uint8Array): void {
		if (this.#done || chunk.byteLength === 0) return;
		this.#received += chunk.byteLength;
		if (this.#received > this.#limit) {
			this.tooLarge = true;
			return this.#discard(
				new PayloadTooLargeError(`The request body is larger than ${this.#limit} bytes. Send less, or raise BODY_SIZE_LIMIT.`)
			);
		}
		this.#controller.enqueue(chunk);
		if (this.#paused || (this.#controller.desiredSize ?? 0) > -HIGH_WATER_MARK) return;
		this.#paused = true;
		this.#flow.pause();
	}

	/** The body is complete. */
	end(): void {
		if (this.#done) return;
		this.#done = true;
		this.#controller.close();
	}

	/** The connection is gone; whoever reads the body gets `reason`. */
	fail(reason: unknown): void {
		if (this.#done) return;
		this.#done = true;
		this.#controller.error(reason);
	}

	/** Throws away whatever still comes, so that the connection can be used for the next request. */
	release(): void {
		this.#discard(new Error('The request was answered before its body was read. Read the body first.'));
	}

	#discard(reason: Error): void {
		if (this.#done) return;
		this.fail(reason);
		this.#flow.resume();
	}

	#resume(): void {
		if (this.#done) return;
		// Also the first time: a connection may wait with reading until somebody asks.
		this.#paused = false;
		this.#flow.resume();
	}
}
