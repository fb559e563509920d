import { RpcError } from '../../shared/error.ts';
import { rpcErrorOf, type Reply, type TraceFields } from '../../shared/rpc-frame.ts';
import {
	CHUNK_PREFIX,
	encodeChunk,
	encodeControl,
	encodeSums,
	UPLOAD_TOPIC,
	uploadEvent,
	type Granted,
	type UploadHeader
} from '../../shared/upload-frame.ts';
import type { LiveClient } from '../live-client.ts';
import { encodeCall } from '../rpc/call.ts';
import { Listeners, Rate, type UploadEvents, type UploadHandle, type UploadProgress } from './handle.ts';
import { Outgoing, type Part } from './outgoing.ts';
import { Pace } from './pace.ts';
import { openSource, Parts, unreadable, type Pieces } from './source.ts';
import { Sums } from './sums.ts';

/** A server counts smaller parts as if they had about this size. */
const MIN_FRAME = 4_352;
/** Milliseconds after the first part in which a server says that it has flow control. */
const FLOW_MS = 5_000;

/** One upload: reads its source, sends as much as the server lets it, and goes on over another connection if it has to. */
export class Upload<Out> implements UploadHandle<Out> {
	readonly streamId: number;
	readonly streamIdHex: string;
	readonly #live: LiveClient;
	readonly #path: string;
	readonly #args: readonly unknown[];
	readonly #trace: TraceFields;
	readonly #result: Promise<Out>;
	#resolve!: (value: Out) => void;
	#reject!: (error: RpcError) => void;
	readonly #listeners = new Listeners();
	readonly #rate: Rate;
	readonly #sums = new Sums();
	readonly #stops: (() => void)[] = [];
	#pieces: Pieces | undefined;
	#sent = 0;
	#chunks = 0;
	/** Bytes that may have left; `undefined` until the server has said something. */
	#window: number | undefined;
	#token: { readonly value: string; readonly ms: number } | undefined;
	readonly #outgoing = new Outgoing();
	/** Whether the current connection is the one of this upload. */
	#isAttached = false;
	/** Whether the socket refused a frame; until there is another one. */
	#isClosing = false;
	#isOver = false;
	readonly #pace: Pace;
	#stopWaiting: (() => void) | undefined;

	constructor(live: LiveClient, path: string, source: unknown, args: readonly unknown[]) {
		this.#live = live;
		this.#path = path;
		this.#args = args;
		this.#trace = live.trace();
		this.streamId = 1 + Math.floor(live.random() * 0xfffffffe);
		this.streamIdHex = uploadEvent(this.streamId);
		this.#pace = new Pace(live);
		this.#rate = new Rate(() => live.clock.now());
		this.#result = new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
		});
		// Who only listens must not be told twice that it failed.
		this.#result.catch(() => {});
		this.#stops.push(
			live.client.tap((envelopes) => {
				for (const { topic, event, data } of envelopes)
					if (topic === UPLOAD_TOPIC && event === this.streamIdHex) this.#hear(data as Granted | Reply);
			}),
			live.client.onOpen(() => this.#opened()),
			live.client.onDown((_failure, isTerminal) => this.#down(isTerminal))
		);
		queueMicrotask(() => {
			this.#pieces = openSource(source);
			this.#run().catch((error: unknown) => this.#fail(error instanceof RpcError ? error : unreadable(error)));
		});
	}

	get sent(): number {
		return this.#sent;
	}

	get total(): number | undefined {
		return this.#pieces?.size;
	}

	get chunks(): number {
		return this.#chunks;
	}

	get progress(): number {
		const { total } = this;
		if (total === undefined) return 0;
		return total === 0 ? Number(this.#chunks > 0) : this.#sent / total;
	}

	get bytesPerSec(): number {
		return this.#rate.of(this.#sent);
	}

	on<Name extends keyof UploadEvents<Out>>(event: Name, run: (payload: UploadEvents<Out>[Name]) => void): () => void {
		return this.#listeners.add(event, run);
	}

	cancel(reason?: string): void {
		if (this.#isOver) return;
		this.#live.client.sendNow(encodeControl({ type: 'cancel', id: this.streamId }));
		this.#isOver = true;
		this.#listeners.tell('cancel', reason);
		const indeterminate = this.#outgoing.next > 0;
		this.#end(new RpcError('CANCELLED', reason ?? `The upload to ${this.#path} was cancelled.`, { indeterminate }));
	}

	// eslint-disable-next-line unicorn/no-thenable -- it is awaited for the result of the handler
	then<A = Out, B = never>(
		resolved?: ((value: Out) => A | PromiseLike<A>) | null,
		rejected?: ((reason: any) => B | PromiseLike<B>) | null
	): Promise<A | B> {
		return this.#result.then(resolved, rejected);
	}

	async #run(): Promise<void> {
		const pieces = this.#pieces;
		if (!pieces)
			throw new RpcError(
				'SOURCE_ERROR',
				`${this.#path} takes a File, a Blob, an ArrayBuffer, a view of one, or a stream of bytes.`
			);
		const closed = this.#live.closed();
		if (closed !== undefined) throw new RpcError('CONNECTION_CLOSED', closed);
		const { client } = this.#live;
		const parts = new Parts(pieces);
		const header = this.#header(this.#sums.longest);
		const headerBytes = new TextEncoder().encode(header).length;
		let read = 0;
		let isLast = false;
		while (!isLast && !this.#isOver) {
			await this.#until(() => client.connected);
			const { frameSize = Infinity } = this.#live.upload();
			const size = Math.min(client.maxPayloadLength, Math.max(frameSize, MIN_FRAME)) - CHUNK_PREFIX - headerBytes;
			if (size < 1)
				throw new RpcError('PAYLOAD_TOO_LARGE', `The arguments of ${this.#path} leave no room for bytes in one frame.`);
			const part = await parts.next(size);
			const start = read;
			read += part.payload.length;
			isLast = part.isLast;
			await this.#sums.add(part.payload, isLast);
			this.#outgoing.add({ start, ...part });
			while (this.#outgoing.waiting && !this.#isOver) await this.#leave();
		}
		// After a connection was lost, what had left may have to leave again.
		while (!this.#isOver) await this.#leave();
	}

	/** Sends the part that waits, once there is one and it may leave. */
	async #leave(): Promise<void> {
		await this.#until(() => this.#maySend());
		if (!this.#isOver && this.#outgoing.waiting) this.#send(this.#outgoing.waiting);
	}

	#maySend(): boolean {
		const part = this.#outgoing.waiting;
		if (!part || this.#isClosing || !this.#pace.hasRoom()) return false;
		if (this.#outgoing.next === 0) return true;
		return this.#isAttached && this.#window !== undefined && part.start + part.payload.length <= this.#window;
	}

	#header(sums: Pick<UploadHeader, 'crc32' | 'sha256'>): string {
		const { total } = this;
		const given = { rpc: this.#path, args: this.#args, flow: true, resume: true, ...sums, ...this.#trace } as const;
		return encodeCall(this.#path, total === undefined ? given : { ...given, size: total });
	}

	#send({ start, payload, isLast }: Part): void {
		const { client } = this.#live;
		const frame = encodeChunk({
			id: this.streamId,
			number: this.#outgoing.next,
			...(this.#outgoing.next === 0 ? { header: this.#header(isLast ? this.#sums.values : this.#sums.announced) } : {}),
			isLast,
			payload
		});
		if (!frame)
			return this.#fail(new RpcError('PAYLOAD_TOO_LARGE', `The arguments of ${this.#path} take more than 65,535 bytes.`));
		if (isLast && this.#outgoing.next > 0)
			for (const control of encodeSums(this.streamId, this.#sums.values)) client.sendNow(control);
		// A socket that is closing takes nothing any more, and says only later that it has closed.
		this.#isClosing = !client.sendNow(frame);
		if (this.#isClosing) return;
		if (this.#outgoing.next === 0) {
			this.#isAttached = true;
			this.#stops.push(
				this.#live.clock.after(FLOW_MS, () => {
					this.#window ??= Infinity;
					this.#pace.wake();
				})
			);
		}
		this.#outgoing.shift();
		this.#chunks++;
		this.#sent = Math.max(this.#sent, start + payload.length);
		this.#rate.at(this.#sent);
		if (this.#window === Infinity) this.#outgoing.forget(start + payload.length);
		this.#listeners.tell('progress', this.#report());
	}

	#report(): UploadProgress {
		const { sent, total, chunks, bytesPerSec } = this;
		if (total === undefined) return { sent, chunks, bytesPerSec };
		return { sent, total, percent: this.progress * 100, chunks, bytesPerSec };
	}

	#hear(data: Granted | Reply): void {
		if (this.#isOver) return;
		if ('ok' in data) {
			if (!data.ok) return this.#fail(rpcErrorOf(data, { indeterminate: data.code === 'DISCONNECTED' }));
			this.#isOver = true;
			this.#listeners.tell('complete', data.data);
			this.#close();
			return this.#resolve(data.data as Out);
		}
		if (typeof data.window !== 'number' || typeof data.received !== 'number') return;
		this.#window = data.window;
		if (typeof data.token === 'string') this.#token = { value: data.token, ms: data.resumeMs ?? 0 };
		this.#outgoing.forget(data.received);
		if (typeof data.next === 'number') {
			this.#stopWaiting?.();
			this.#isAttached = true;
			this.#outgoing.rewind(data.next);
		}
		this.#pace.wake();
	}

	#opened(): void {
		this.#isClosing = false;
		if (this.#outgoing.next > 0 && !this.#isAttached && this.#token)
			this.#live.client.sendNow(encodeControl({ type: 'resume', id: this.streamId, token: this.#token.value }));
		this.#pace.wake();
	}

	#down(isTerminal: boolean): void {
		if (isTerminal)
			return this.#fail(
				new RpcError('CONNECTION_CLOSED', `The connection has ended for good, and the upload to ${this.#path} with it.`, {
					indeterminate: this.#outgoing.next > 0
				})
			);
		if (this.#outgoing.next === 0) return;
		const lost = new RpcError('DISCONNECTED', `The connection was lost during the upload to ${this.#path}.`, {
			indeterminate: true
		});
		if (!this.#token) return this.#fail(lost);
		if (this.#isAttached) this.#stopWaiting = this.#live.clock.after(this.#token.ms, () => this.#fail(lost));
		this.#isAttached = false;
	}

	/** Waits until something is so, or the upload is over. */
	#until(condition: () => boolean): Promise<void> {
		return this.#pace.until(() => this.#isOver || condition());
	}

	#fail(error: RpcError): void {
		if (this.#isOver) return;
		this.#isOver = true;
		if (error.code === 'SOURCE_ERROR') this.#live.client.sendNow(encodeControl({ type: 'cancel', id: this.streamId }));
		this.#end(error);
	}

	#end(error: RpcError): void {
		this.#listeners.tell('error', error);
		this.#close();
		this.#reject(error);
	}

	#close(): void {
		for (const stop of this.#stops.splice(0)) stop();
		this.#stopWaiting?.();
		this.#outgoing.clear();
		this.#pieces?.cancel();
		this.#pace.wake();
	}
}
