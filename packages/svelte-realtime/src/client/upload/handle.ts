import type { RpcError } from '../../shared/error.ts';

/** How far an upload is. */
export interface UploadProgress {
	/** Bytes that have left. */
	readonly sent: number;
	/** Bytes in all, where they are known. */
	readonly total?: number;
	/** 0 to 100, where `total` is known. */
	readonly percent?: number;
	/** Parts that have left. */
	readonly chunks: number;
	/** Over about the last second. */
	readonly bytesPerSec: number;
}

/** What an upload tells, and with what. */
export interface UploadEvents<Out> {
	readonly progress: UploadProgress;
	readonly complete: Out;
	readonly error: RpcError;
	readonly cancel: string | undefined;
}

/** An upload under way. Awaiting it gives the result of the handler, or rejects with an `RpcError`. */
export interface UploadHandle<Out = any> extends PromiseLike<Out> {
	readonly sent: number;
	readonly total: number | undefined;
	readonly chunks: number;
	/** 0 to 1; 0 while the total is not known. */
	readonly progress: number;
	readonly bytesPerSec: number;
	/** The id, as the server's `ctx.upload.id` has it in hexadecimal. */
	readonly streamId: number;
	readonly streamIdHex: string;
	/** Hears what happens; gives a function that stops it. */
	on<Name extends keyof UploadEvents<Out>>(event: Name, run: (payload: UploadEvents<Out>[Name]) => void): () => void;
	/** Gives the upload up: it rejects with `CANCELLED`, and the handler hears of it. Does nothing once the upload has ended. */
	cancel(reason?: string): void;
}

/** Uploads something, by a procedure of the server. */
export type UploadCall<Args extends unknown[] = any[], Out = any> = (
	source: Blob | ArrayBuffer | ArrayBufferView | ReadableStream<Uint8Array>,
	...args: Args
) => UploadHandle<Out>;

type Listener = (payload: any) => void;

/** Who listens to one upload. A listener that throws does not keep the others from hearing. */
export class Listeners {
	readonly #byEvent = new Map<string, Set<{ readonly run: Listener }>>();

	add(event: string, run: Listener): () => void {
		const listeners = this.#byEvent.get(event) ?? new Set();
		this.#byEvent.set(event, listeners);
		const listener = { run };
		listeners.add(listener);
		return () => void listeners.delete(listener);
	}

	tell(event: string, payload: unknown): void {
		for (const { run } of [...(this.#byEvent.get(event) ?? [])]) {
			try {
				run(payload);
			} catch (error) {
				queueMicrotask(() => {
					throw error;
				});
			}
		}
	}
}

/** Bytes per second over about the last second. */
export class Rate {
	readonly #now: () => number;
	#since: number;
	#from = 0;
	#last = 0;

	constructor(now: () => number) {
		this.#now = now;
		this.#since = now();
	}

	/** So many bytes have left in all. */
	at(sent: number): void {
		const elapsed = this.#now() - this.#since;
		if (elapsed < 1_000) return;
		this.#last = ((sent - this.#from) * 1_000) / elapsed;
		this.#from = sent;
		this.#since = this.#now();
	}

	of(sent: number): number {
		if (this.#last > 0) return Math.round(this.#last);
		return Math.round(((sent - this.#from) * 1_000) / Math.max(1, this.#now() - this.#since));
	}
}
