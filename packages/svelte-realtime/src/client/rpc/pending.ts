import type { Client } from 'svelte-adapter-uws/contract';
import type { PageClock } from '../clock.ts';
import { batchFrame, type BatchEntry } from './batch.ts';
import { exceedsBytes, tooLarge } from './payload.ts';
import type { Waiter } from './waiter.ts';
import { RpcError } from '../../shared/error.ts';
import { encodeCancel, MAX_BATCH, readReplies, rpcErrorOf, type Reply } from '../../shared/rpc-frame.ts';

/** Frames that may wait for a connection. Over it the oldest is given up with `QUEUE_FULL`. */
export const MAX_QUEUED_FRAMES = 1000;

/** One frame with the requests in it. */
interface Sending {
	readonly frame: string | Uint8Array;
	readonly what: string;
	readonly waiters: Map<string, Waiter>;
	stopTimer: (() => void) | undefined;
	sent: boolean;
}

export interface PendingParts {
	readonly client: Pick<Client, 'connected' | 'maxPayloadLength' | 'sendNow'>;
	readonly clock: PageClock;
	readonly random: () => number;
	/** Why there will be no connection any more. */
	readonly closed: () => string | undefined;
	/** An answer that nobody waits for any more. */
	readonly stray: (reply: Reply & { readonly ok: true }) => void;
}

/**
 * Requests on their way. Frames wait here, not in the client's own queue, while there is no connection: so one that ran out of
 * time before it left is never sent.
 */
export class PendingRequests {
	readonly #parts: PendingParts;
	readonly #prefix: string;
	#count = 0;
	readonly #byId = new Map<string, Sending>();
	readonly #queue = new Set<Sending>();
	/** Requests of this turn that travel together, by id. */
	readonly #joined = new Map<string, BatchEntry>();

	constructor(parts: PendingParts) {
		this.#parts = parts;
		this.#prefix = Math.floor(parts.random() * 36 ** 6)
			.toString(36)
			.padStart(6, '0');
	}

	/** A new correlation id: unique on this page, and unlikely to be another page's. */
	nextId(): string {
		return `${this.#prefix}${(this.#count++).toString(36)}`;
	}

	/** Sends `frame` now, or when the connection opens. `what` names it in errors; `timeout` is in milliseconds and counts from now. */
	send(frame: string | Uint8Array, what: string, waiters: readonly Waiter[], timeout: number): void {
		const closed = this.#parts.closed();
		if (closed !== undefined) return fail(waiters, 'CONNECTION_CLOSED', closed);
		const sending: Sending = {
			frame,
			what,
			waiters: new Map(waiters.map((waiter) => [waiter.id, waiter])),
			stopTimer: undefined,
			sent: false
		};
		this.#expire(sending, timeout);
		for (const id of sending.waiters.keys()) this.#byId.set(id, sending);
		if (this.#parts.client.connected) return this.#transmit(sending);
		this.#queue.add(sending);
		if (this.#queue.size <= MAX_QUEUED_FRAMES) return;
		const [oldest] = this.#queue;
		if (oldest)
			this.#end(oldest, 'QUEUE_FULL', `${oldest.what} was given up: more than ${MAX_QUEUED_FRAMES} calls wait for a connection.`);
	}

	/** As `send`, in one frame with what else joins in this turn, as far as it fits. Each is answered by itself. */
	join(entry: BatchEntry, timeout: number): void {
		if (this.#joined.size === 0) queueMicrotask(() => this.#sendJoined(timeout));
		this.#joined.set(entry.waiter.id, entry);
	}

	/** Stops waiting, without an error. The answer, should one come, is a stray one. */
	cancel(id: string): void {
		this.#joined.delete(id);
		const sending = this.#byId.get(id);
		if (sending) this.#settle(sending, id);
	}

	/** The caller gives up: it hears `CANCELLED` at once, and the server is told if the request has left. */
	abort(id: string, cause: unknown): void {
		const sending = this.#byId.get(id);
		const waiter = sending?.waiters.get(id);
		if (!sending || !waiter) return;
		const { sent, what } = sending;
		this.#settle(sending, id);
		if (sent) this.#parts.client.sendNow(encodeCancel([id]));
		const how = sent ? 'It may have been carried out.' : 'It was not sent.';
		waiter.fail(new RpcError('CANCELLED', `${what} was cancelled. ${how}`, { cause, indeterminate: sent }));
	}

	/** Takes one envelope of the topic `__rpc`. */
	receive(event: string, data: unknown): void {
		for (const [id, reply] of readReplies(event, data)) {
			const sending = this.#byId.get(id);
			const waiter = sending?.waiters.get(id);
			if (sending) this.#settle(sending, id);
			if (waiter && !reply.ok) waiter.fail(rpcErrorOf(reply));
			else if (waiter && reply.ok) waiter.done(reply);
			else if (reply.ok) this.#parts.stray(reply);
		}
	}

	/** A socket has opened: everything that waited leaves, oldest first. */
	opened(): void {
		for (const sending of [...this.#queue]) this.#transmit(sending);
	}

	/** The socket is gone. What was sent will get no answer; what was not waits on, unless there will be no other socket. */
	down(closed: string | undefined): void {
		for (const sending of new Set(this.#byId.values())) {
			if (closed !== undefined) this.#end(sending, 'CONNECTION_CLOSED', closed);
			else if (sending.sent)
				this.#end(
					sending,
					'DISCONNECTED',
					`The connection was lost before ${sending.what} was answered. It may have been carried out.`
				);
		}
	}

	#sendJoined(timeout: number): void {
		let group: BatchEntry[] = [];
		const leave = (): void => {
			if (group.length === 0) return;
			const paths = group.map(({ path }) => path).join(', ');
			const waiters = group.map(({ waiter }) => waiter);
			this.send(batchFrame(group, 'each'), paths, waiters, timeout);
			group = [];
		};
		const joined = [...this.#joined.values()];
		this.#joined.clear();
		for (const entry of joined) {
			if (group.length === MAX_BATCH || exceedsBytes(batchFrame([...group, entry], 'each'), this.#parts.client.maxPayloadLength))
				leave();
			group.push(entry);
		}
		leave();
	}

	#transmit(sending: Sending): void {
		this.#queue.delete(sending);
		const cap = this.#parts.client.maxPayloadLength;
		if (exceedsBytes(sending.frame, cap))
			return this.#end(sending, 'PAYLOAD_TOO_LARGE', tooLarge(sending.what, sending.frame, cap));
		if (this.#parts.client.sendNow(sending.frame)) sending.sent = true;
		else this.#queue.add(sending);
	}

	#expire(sending: Sending, timeout: number): void {
		const { clock } = this.#parts;
		const start = clock.now();
		sending.stopTimer = clock.after(timeout, () => {
			// A timer that fires this late means that the device slept, and the socket with it.
			const slept = clock.now() - start > Math.max(3 * timeout, 90_000);
			if (slept) this.#end(sending, 'DISCONNECTED', `The device slept while ${sending.what} waited for its answer.`);
			else this.#timeOut(sending, timeout);
		});
	}

	/** Nobody waits any more: the server need not work on it either. */
	#timeOut(sending: Sending, timeout: number): void {
		const ids = [...sending.waiters.keys()];
		this.#end(sending, 'TIMEOUT', `${sending.what} was not answered within ${timeout} ms.`);
		if (sending.sent) this.#parts.client.sendNow(encodeCancel(ids));
	}

	#end(sending: Sending, code: string, message: string): void {
		const waiters = [...sending.waiters.values()];
		for (const { id } of waiters) this.#settle(sending, id);
		fail(waiters, code, message, sending.sent);
	}

	#settle(sending: Sending, id: string): void {
		this.#byId.delete(id);
		sending.waiters.delete(id);
		if (sending.waiters.size > 0) return;
		this.#queue.delete(sending);
		sending.stopTimer?.();
	}
}

function fail(waiters: readonly Waiter[], code: string, message: string, indeterminate = false): void {
	const error = new RpcError(code, message, { indeterminate });
	for (const waiter of waiters) waiter.fail(error);
}
