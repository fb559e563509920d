import type { Clock } from '../contract/clock.ts';

/** How many may come in. 0 = no limit. */
export interface AdmissionOptions {
	/** Handshakes that are decided at the same time. */
	readonly maxConcurrent: number;
	/** Handshakes that become sockets in one turn of the event loop. */
	readonly perTickBudget: number;
	/** Open sockets, and handshakes that may become one. */
	readonly maxConnections: number;
}

/** One handshake that is under way. */
export interface Slot {
	/** It has become a socket, was refused, or its client has left. Idempotent. */
	release(): void;
}

const FREE: Slot = { release() {} };

/** Counts handshakes from their beginning to their end, and lets only so many of them through. */
export class Admission {
	readonly #options: AdmissionOptions;
	readonly #clock: Clock;
	readonly #connections: () => number;
	#handshakes = 0;
	/** Handed over in this turn. */
	#handed = 0;
	#turning = false;
	#queue: { readonly signal: AbortSignal; readonly go: () => void }[] = [];

	constructor(options: AdmissionOptions, clock: Clock, connections: () => number) {
		this.#options = options;
		this.#clock = clock;
		this.#connections = connections;
	}

	/** Handshakes that hold a slot. */
	get handshakes(): number {
		return this.#handshakes;
	}

	/** `undefined` = there is no room. The slot is free again when the client leaves. */
	enter(client: { readonly signal: AbortSignal }): Slot | undefined {
		const { maxConcurrent, maxConnections } = this.#options;
		if (maxConcurrent === 0 && maxConnections === 0) return FREE;
		if (maxConcurrent > 0 && this.#handshakes >= maxConcurrent) return undefined;
		if (maxConnections > 0 && this.#connections() + this.#handshakes >= maxConnections) return undefined;
		this.#handshakes++;
		let held = true;
		const { signal } = client;
		const release = (): void => {
			if (!held) return;
			held = false;
			this.#handshakes--;
			signal.removeEventListener('abort', release);
		};
		signal.addEventListener('abort', release);
		if (signal.aborted) release();
		return { release };
	}

	/** Waits for a turn in which one more may be handed over, in the order of the calls; `undefined` = this turn. */
	turn(client: { readonly signal: AbortSignal }): Promise<void> | undefined {
		const { perTickBudget } = this.#options;
		if (perTickBudget === 0) return undefined;
		if (this.#queue.length === 0 && this.#handed < perTickBudget) {
			this.#handed++;
			this.#turnLater();
			return undefined;
		}
		return new Promise((go) => void this.#queue.push({ signal: client.signal, go }));
	}

	#turnLater(): void {
		if (this.#turning) return;
		this.#turning = true;
		this.#clock.soon(() => {
			this.#turning = false;
			this.#handed = 0;
			let next = 0;
			for (; next < this.#queue.length && this.#handed < this.#options.perTickBudget; next++) {
				const { signal, go } = this.#queue[next]!;
				go();
				// Who has left takes nobody's place.
				if (!signal.aborted) this.#handed++;
			}
			this.#queue = this.#queue.slice(next);
			if (this.#handed > 0 || this.#queue.length > 0) this.#turnLater();
		});
	}
}
