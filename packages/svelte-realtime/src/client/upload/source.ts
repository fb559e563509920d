import { RpcError } from '../../shared/error.ts';
import { bytesOf } from '../rpc/binary.ts';

/** What can be uploaded. */
export type UploadSource = Blob | ArrayBuffer | ArrayBufferView | ReadableStream<Uint8Array>;

/** Bytes read from a file at a time. */
const SLICE = 256 * 1024;

/** Where bytes come from, in pieces of any size. */
export interface Pieces {
	/** Bytes in all, where they are known. */
	readonly size: number | undefined;
	/** The next piece; `undefined` at the end. Rejects when the source fails. */
	next(): Promise<Uint8Array | undefined>;
	/** Nobody reads any more. */
	cancel(): void;
}

/** Opens a source; `undefined` for what is none. */
export function openSource(source: unknown): Pieces | undefined {
	if (typeof Blob !== 'undefined' && source instanceof Blob) return piecesOfBlob(source);
	const bytes = bytesOf(source);
	if (bytes) return piecesOf([bytes]);
	return typeof ReadableStream !== 'undefined' && source instanceof ReadableStream
		? piecesOfStream(source as ReadableStream<unknown>)
		: undefined;
}

function piecesOf(list: Uint8Array[]): Pieces {
	return { size: list[0]!.length, next: () => Promise.resolve(list.shift()), cancel: () => list.splice(0) };
}

function piecesOfBlob(blob: Blob): Pieces {
	let offset = 0;
	return {
		size: blob.size,
		async next() {
			if (offset >= blob.size) return undefined;
			const slice = blob.slice(offset, (offset += SLICE));
			return new Uint8Array(await slice.arrayBuffer());
		},
		cancel: () => void (offset = blob.size)
	};
}

function piecesOfStream(stream: ReadableStream<unknown>): Pieces {
	const reader = stream.getReader();
	return {
		size: undefined,
		async next() {
			const { done, value } = await reader.read();
			if (done) return undefined;
			const bytes = bytesOf(value);
			if (!bytes) throw new TypeError('The stream gives something else than bytes.');
			return bytes;
		},
		cancel: () => void reader.cancel().catch(() => {})
	};
}

/** Pieces of any size as parts of one size, of which the last says that it is. */
export class Parts {
	readonly #pieces: Pieces;
	/** What was read and not given yet. */
	#rest: Uint8Array[] = [];
	#length = 0;
	#isDone = false;

	constructor(pieces: Pieces) {
		this.#pieces = pieces;
	}

	/** The next `size` bytes, or less at the end. */
	async next(size: number): Promise<{ readonly payload: Uint8Array; readonly isLast: boolean }> {
		// One byte more tells whether there is another part.
		while (this.#length <= size && !this.#isDone) {
			const piece = await this.#pieces.next();
			if (!piece) this.#isDone = true;
			else if (piece.length > 0) {
				this.#rest.push(piece);
				this.#length += piece.length;
			}
		}
		const payload = new Uint8Array(Math.min(size, this.#length));
		let filled = 0;
		while (filled < payload.length) {
			const [first] = this.#rest as [Uint8Array];
			const taken = first.subarray(0, payload.length - filled);
			payload.set(taken, filled);
			filled += taken.length;
			if (taken.length === first.length) this.#rest.shift();
			else this.#rest[0] = first.subarray(taken.length);
		}
		this.#length -= filled;
		return { payload, isLast: this.#isDone && this.#length === 0 };
	}
}

/** What an upload fails with when its source does. */
export function unreadable(error: unknown): RpcError {
	return new RpcError(
		'SOURCE_ERROR',
		`What is uploaded cannot be read: ${error instanceof Error ? error.message : String(error)}`,
		{
			cause: error
		}
	);
}
