import type { Clock } from '../contract/clock.ts';
import type { RequestError, RequestOptions } from '../contract/platform.ts';
import { encodeRequest, type Reply } from '../protocol/control.ts';
import { LIMITS } from './limits.ts';

/** Milliseconds that a client has for its reply unless the caller or the server says otherwise. */
const TIMEOUT_MS = 5_000;

interface Pending {
	resolve(data: unknown): void;
	reject(error: unknown): void;
}

export interface RequestsParts {
	readonly clock: Clock;
	/** Milliseconds that a client has unless the caller says otherwise. Default 5,000. */
	readonly timeoutMs?: number | undefined;
	/** Sends now, not at the end of the turn; false when the frame was dropped. */
	readonly send: (frame: string) => boolean;
	/** Hears that the cap was hit. */
	readonly full: () => void;
}

/** What the server asked one client and still waits for. A reply counts only on the connection that was asked. */
export class Requests {
	readonly #parts: RequestsParts;
	readonly #pending = new Map<number, Pending>();
	#lastRef = 0;

	constructor(parts: RequestsParts) {
		this.#parts = parts;
	}

	/** What waits for a reply, by the number of the request. */
	get pending(): ReadonlyMap<number, unknown> {
		return this.#pending;
	}

	ask(event: string, data: unknown, { timeoutMs = NaN, signal }: RequestOptions = {}): Promise<unknown> {
		return new Promise((resolve, reject) => {
			signal?.throwIfAborted();
			if (this.#pending.size >= LIMITS.pendingRequests) {
				this.#parts.full();
				throw failure('LIMIT', `pending requests exceeded ${LIMITS.pendingRequests} on this connection`);
			}
			const ref = ++this.#lastRef;
			const frame = encodeRequest(ref, event, data);
			const ms = Number.isFinite(timeoutMs) && timeoutMs > 0 ? timeoutMs : (this.#parts.timeoutMs ?? TIMEOUT_MS);
			const timer = this.#parts.clock.after(ms, () => pending.reject(failure('TIMEOUT', 'request timed out')));
			const aborted = (): void => pending.reject(signal?.reason);
			const settle = (): void => {
				this.#pending.delete(ref);
				timer[Symbol.dispose]();
				signal?.removeEventListener('abort', aborted);
			};
			const pending: Pending = {
				resolve: (reply) => (settle(), resolve(reply)),
				reject: (error) => (settle(), reject(error))
			};
			signal?.addEventListener('abort', aborted);
			// Before it is sent: a client in the same process may reply at once.
			this.#pending.set(ref, pending);
			if (!this.#parts.send(frame)) pending.reject(failure('NOT_DELIVERED', 'request not delivered'));
		});
	}

	/** Takes a reply; one that nobody waits for is ignored. */
	settle({ ref, data, error }: Reply): void {
		const pending = typeof ref === 'number' ? this.#pending.get(ref) : undefined;
		if (error === undefined) pending?.resolve(data);
		else pending?.reject(failure('REFUSED', error));
	}

	/** The connection is over: nobody will reply any more. */
	close(): void {
		for (const pending of [...this.#pending.values()]) pending.reject(connectionClosed());
	}
}

/** Why a request to a closed connection fails. */
export function connectionClosed(): RequestError {
	return failure('CLOSED', 'connection closed');
}

function failure(code: RequestError['code'], message: string): RequestError {
	return Object.assign(new Error(message), { code });
}
