import { LiveError } from '../../shared/error.ts';
import type { Chunk, UploadHeader } from '../../shared/upload-frame.ts';
import type { Budget } from './budget.ts';
import { Sums } from './sums.ts';

export interface IncomingParts {
	readonly header: Pick<UploadHeader, 'flow' | 'size' | 'crc32' | 'sha256'>;
	readonly maxSize: number;
	/** For clients without flow control. */
	readonly maxBufferedChunks: number;
	readonly budget: Budget;
	/** The client may send so many bytes in all from now on. */
	readonly granted: (window: number) => void;
}

/**
 * The bytes of one upload between its client and its handler. A client with flow control is told how many bytes it may have sent
 * in all, which grows as the handler reads, so what waits here never outgrows the window.
 */
export class Incoming implements AsyncIterable<Uint8Array> {
	readonly #parts: IncomingParts;
	/** What the parts have to come to. */
	readonly sums: Sums;
	#queue: Uint8Array[] = [];
	#head = 0;
	#received = 0;
	#consumed = 0;
	#window: number;
	#promised = 0;
	#early = 0;
	#next = 0;
	#isReading = false;
	#isComplete = false;
	#isDiscarding = false;
	#failure: { readonly error: unknown } | undefined;
	#waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;

	constructor(parts: IncomingParts, first: number) {
		this.#parts = parts;
		this.#window = parts.header.flow ? first : Infinity;
		this.sums = new Sums(parts.header);
	}

	/** Bytes that have arrived. */
	get received(): number {
		return this.#received;
	}

	/** Bytes that the client may have sent in all. */
	get window(): number {
		return this.#window;
	}

	/** Bytes that wait for the handler. */
	get buffered(): number {
		return this.#received - this.#consumed;
	}

	/** Number of the part that comes next. */
	get next(): number {
		return this.#next;
	}

	/** Whether the client could send now. */
	get isOpen(): boolean {
		return !this.#isComplete && this.#received < this.#window;
	}

	/** Takes the next part. Throws what is wrong with it. */
	take({ number, payload, isLast }: Chunk): void {
		const { header, maxSize, maxBufferedChunks, budget } = this.#parts;
		if (number !== this.#next || this.#isComplete)
			throw new LiveError('INVALID_REQUEST', `Part ${number} came where part ${this.#next} was expected.`);
		const received = this.#received + payload.length;
		if (received > maxSize) throw new LiveError('PAYLOAD_TOO_LARGE', `At most ${maxSize} bytes are taken.`);
		if (header.size !== undefined && (received > header.size || (isLast && received < header.size)))
			throw new LiveError('INVALID_REQUEST', `${header.size} bytes were announced, and ${received} came.`);
		if (!this.#isDiscarding) {
			const limit = header.flow
				? Math.max(maxBufferedChunks, Math.ceil((this.#window - this.#consumed) / budget.small))
				: maxBufferedChunks;
			if (received > this.#window || (this.#queue.length - this.#head >= limit && number > 0))
				throw new LiveError('FLOW_BACKPRESSURE', 'More was sent than can be taken.');
			if (!this.#isReading && this.#early + payload.length > budget.maxEarly) throw new LiveError('PAYLOAD_TOO_LARGE');
			if (!this.#isReading && !budget.takeEarly(payload.length)) throw new LiveError('OVERLOADED');
			if (!this.#isReading) this.#early += payload.length;
		}
		this.sums.add(payload);
		if (isLast && !this.sums.isRight()) throw new LiveError('CHECKSUM_MISMATCH', 'What arrived is not what was sent.');
		this.#next++;
		this.#received = received;
		if (isLast) this.#isComplete = true;
		if (this.#isDiscarding) this.#drain(payload.length);
		else if (payload.length > 0) this.#queue.push(payload);
		this.#feed();
	}

	/** Gives everything up: whoever reads hears why. */
	fail(error: unknown): void {
		if (this.#failure) return;
		this.#failure = { error };
		this.#release();
		this.#waiting?.reject(error);
		this.#waiting = undefined;
	}

	/** Nobody reads any more; what still comes is dropped. */
	discard(): void {
		this.#isDiscarding = true;
		this.#beginReading();
		this.#drain(this.buffered);
		this.#queue = [];
		this.#head = 0;
	}

	[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
		return {
			next: () => this.#read(),
			return: () => {
				this.discard();
				return Promise.resolve({ done: true, value: undefined });
			}
		};
	}

	/** Takes back what was promised and what waits. */
	#release(): void {
		this.#parts.budget.promise(-this.#promised);
		this.#parts.budget.releaseEarly(this.#early);
		this.#promised = 0;
		this.#early = 0;
		this.#queue = [];
		this.#head = 0;
	}

	#read(): Promise<IteratorResult<Uint8Array>> {
		this.#beginReading();
		if (this.#waiting) return Promise.reject(new Error('The stream of an upload is read by one reader at a time.'));
		this.#waiting = Promise.withResolvers();
		const { promise } = this.#waiting;
		// Who stopped waiting has heard of the failure through the signal.
		promise.catch(() => {});
		this.#feed();
		return promise;
	}

	#feed(): void {
		const waiting = this.#waiting;
		if (!waiting) return;
		if (this.#failure) {
			this.#waiting = undefined;
			return waiting.reject(this.#failure.error);
		}
		if (this.#head < this.#queue.length) {
			const value = this.#queue[this.#head++]!;
			if (this.#head >= 64) {
				this.#queue.splice(0, this.#head);
				this.#head = 0;
			}
			this.#waiting = undefined;
			this.#drain(value.length);
			return waiting.resolve({ done: false, value });
		}
		if (!this.#isComplete) return;
		this.#waiting = undefined;
		waiting.resolve({ done: true, value: undefined });
	}

	#beginReading(): void {
		if (this.#isReading) return;
		this.#isReading = true;
		this.#parts.budget.releaseEarly(this.#early);
		this.#early = 0;
		this.#drain(0);
	}

	/** The handler has read so many bytes: the window moves on, in steps that are worth a frame. */
	#drain(bytes: number): void {
		this.#consumed += bytes;
		const { header, budget, granted } = this.#parts;
		if (!header.flow || this.#isComplete || this.#failure) return;
		const promised = Math.max(0, this.#window - this.#consumed);
		budget.promise(promised - this.#promised);
		this.#promised = promised;
		const window = this.#consumed + budget.window;
		if (window - this.#window < budget.window / 4) return;
		budget.promise(window - this.#window);
		this.#promised += window - this.#window;
		this.#window = window;
		granted(window);
	}
}
