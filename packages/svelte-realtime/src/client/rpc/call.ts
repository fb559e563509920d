import type { Client } from 'svelte-adapter-uws/contract';
import { RpcError } from '../../shared/error.ts';
import type { UploadHeader } from '../../shared/upload-frame.ts';
import { encodeRequest, MAX_BATCH, type RpcRequest, type TraceFields } from '../../shared/rpc-frame.ts';
import { batchFrame, type BatchEntry } from './batch.ts';
import { callKey, SharedCalls } from './dedupe.ts';
import { exceedsBytes, tooLarge } from './payload.ts';
import type { PendingRequests } from './pending.ts';
import type { Waiter } from './waiter.ts';

/** Options of one call. */
export interface CallOptions {
	/** Milliseconds to wait for the answer. Default 30,000, or what `configure` said. */
	readonly timeout?: number;
	/** Makes repeats of a call one call, where the handler is idempotent. */
	readonly idempotencyKey?: string;
	/**
	 * Cancels the call: its promise rejects with `CANCELLED` at once, and `ctx.signal` of the handler aborts. A request that waits
	 * for a connection is not sent; others of its batch are not touched.
	 */
	readonly signal?: AbortSignal;
}

/** A procedure of the server, as the page calls it. Rejects with an `RpcError`. */
export interface RpcCall<Args extends unknown[] = any[], Out = any> {
	/** Calls it. Equal calls of one microtask share one request and its answer. */
	(...args: Args): Promise<Out>;
	/** Calls it, sharing with no other call. */
	fresh(...args: Args): Promise<Out>;
	/** The same procedure with other options. */
	with(options: CallOptions): (...args: Args) => Promise<Out>;
	/** Sends it without waiting: no answer, no error. Dropped while offline and while the socket is congested. */
	fireAndForget(...args: Args): void;
}

export interface CallParts {
	readonly client: Pick<Client, 'sendNow' | 'bufferedAmount' | 'maxPayloadLength'>;
	readonly pending: PendingRequests;
	/** Milliseconds. */
	readonly timeout: () => number;
	/** The trace that a request belongs to. */
	readonly trace: () => TraceFields;
}

/** One call of a batch. */
interface Collected extends BatchEntry {
	/** What the caller got. */
	readonly promise: Promise<unknown>;
}

/** A call that is ready to leave. */
export interface MadeCall extends CallOptions {
	readonly id: string;
	readonly path: string;
	readonly args: readonly unknown[];
	readonly frame: string;
}

/** Bytes in the socket's buffer over which calls without an answer are dropped. */
const CONGESTED = 4 * 1024 * 1024;

/** The calls of one page. */
export class Calls {
	readonly #parts: CallParts;
	readonly #shared = new SharedCalls();
	#collecting: Collected[] | undefined;

	constructor(parts: CallParts) {
		this.#parts = parts;
	}

	/** Makes a call; `shared` = equal calls of this microtask are one. */
	call(path: string, args: readonly unknown[], options: CallOptions, shared: boolean): Promise<unknown> {
		const { idempotencyKey, signal } = options;
		try {
			if (signal?.aborted)
				throw new RpcError('CANCELLED', `${path} was cancelled before it was sent.`, { cause: signal.reason as unknown });
			const id = this.#parts.pending.nextId();
			const frame = encodeCall(path, {
				rpc: path,
				id,
				args,
				idempotencyKey,
				...this.#parts.trace()
			});
			const make = (): Promise<unknown> => this.#make({ ...options, id, path, args, frame });
			if (!shared) return make();
			return this.#shared.share(idempotencyKey === undefined ? callKey(path, args) : `${path}#${idempotencyKey}`, make);
		} catch (error) {
			return Promise.reject(error);
		}
	}

	/** Sends a call that gets no answer. Throws for arguments that JSON cannot carry and for a frame the server would not take. */
	fire(path: string, args: readonly unknown[]): void {
		if (this.#collecting)
			throw new RpcError(
				'INVALID_REQUEST',
				`${path}.fireAndForget() has no answer that a batch could wait for. Call it outside batch().`
			);
		const { client } = this.#parts;
		const frame = encodeCall(path, { rpc: path, args });
		if (exceedsBytes(frame, client.maxPayloadLength))
			throw new RpcError('PAYLOAD_TOO_LARGE', tooLarge(path, frame, client.maxPayloadLength));
		if (client.bufferedAmount <= CONGESTED) client.sendNow(frame);
	}

	/** Sends the calls that `collect` makes as one frame, and waits for what it gives back. */
	async batch<const T extends readonly unknown[]>(
		collect: () => T,
		sequential: boolean
	): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
		const entries: Collected[] = [];
		const outer = this.#collecting;
		this.#collecting = entries;
		let results: T;
		try {
			results = collect();
		} catch (error) {
			this.#shared.forget();
			for (const { waiter, promise } of entries) {
				promise.catch(() => {});
				waiter.fail(new RpcError('CANCELLED', 'The batch was not sent: the function that collects its calls threw.'));
			}
			throw error;
		} finally {
			this.#collecting = outer;
		}
		this.#sendBatch(entries, sequential);
		return Promise.all(results) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
	}

	/** Has a call leave that is not part of a batch. */
	protected send({ frame, path, timeout }: MadeCall, waiter: Waiter): void {
		this.#parts.pending.send(frame, path, [waiter], timeout ?? this.#parts.timeout());
	}

	#make(made: MadeCall): Promise<unknown> {
		const { id, signal } = made;
		let waiter!: Waiter;
		const promise = new Promise<unknown>(
			(resolve, reject) => (waiter = { id, done: (reply) => resolve(reply.data), fail: reject })
		);
		if (this.#collecting) this.#collecting.push({ ...made, waiter, promise });
		else this.send(made, waiter);
		if (signal) {
			const abort = (): void => this.#parts.pending.abort(id, signal.reason);
			const settled = (): void => signal.removeEventListener('abort', abort);
			signal.addEventListener('abort', abort);
			promise.then(settled, settled);
		}
		return promise;
	}

	#sendBatch(entries: readonly BatchEntry[], sequential: boolean): void {
		const waiters = entries.map((entry) => entry.waiter);
		if (entries.length > MAX_BATCH) {
			const error = new RpcError(
				'INVALID_REQUEST',
				`A batch holds at most ${MAX_BATCH} calls; this one has ${entries.length}. Make several batches.`
			);
			for (const waiter of waiters) waiter.fail(error);
		} else if (entries.length > 0) {
			const [first] = entries;
			const what = entries.length === 1 && first ? first.path : `A batch of ${entries.length} calls`;
			this.#parts.pending.send(batchFrame(entries, sequential ? 'sequential' : undefined), what, waiters, this.#parts.timeout());
		}
	}
}

/** Creates the stub of one procedure. Nothing is looked up before the first call. */
export function createRpcCall(calls: () => Calls, path: string): RpcCall {
	return Object.assign((...args: unknown[]) => calls().call(path, args, {}, true), {
		fresh: (...args: unknown[]) => calls().call(path, args, {}, false),
		// Two calls that differ in their time-out must not share the time-out of the first, nor its end.
		with: (options: CallOptions) => {
			const { idempotencyKey, timeout, signal } = options;
			const shared = signal === undefined && (idempotencyKey !== undefined || timeout === undefined);
			return (...args: unknown[]) => calls().call(path, args, options, shared);
		},
		fireAndForget: (...args: unknown[]) => calls().fire(path, args)
	});
}

/** Encodes a request; what JSON cannot carry is an `INVALID_REQUEST`. */
export function encodeCall(path: string, request: RpcRequest | UploadHeader): string {
	try {
		return encodeRequest(request);
	} catch (error) {
		throw new RpcError(
			'INVALID_REQUEST',
			`The arguments of ${path} cannot be sent as JSON: ${error instanceof Error ? error.message : String(error)}`
		);
	}
}
