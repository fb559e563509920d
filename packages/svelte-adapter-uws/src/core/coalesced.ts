import { LIMITS } from './limits.ts';

export interface CoalescedParts {
	/** Whether frames wait for room already; a drain follows. */
	readonly congested: () => boolean;
	/** 1 = sent, 0 = buffered, 2 = dropped. Nothing that was published must wait before it. */
	readonly send: (frame: string) => 0 | 1 | 2;
	/** Hears of a value that could not be encoded when its turn came. */
	readonly failed: (error: unknown) => void;
	/** Hears that the oldest value was given up for a new one. */
	readonly full: () => void;
}

/** The latest values for one client that reads slowly: at most one by key, in the order in which the keys came. */
export class Coalesced {
	readonly #parts: CoalescedParts;
	readonly #waiting = new Map<string, () => string>();

	constructor(parts: CoalescedParts) {
		this.#parts = parts;
	}

	/** Values that wait. */
	get size(): number {
		return this.#waiting.size;
	}

	/** What waits, encoded, in the order of the keys. */
	waiting(): ReadonlyMap<string, string> {
		return new Map([...this.#waiting].map(([key, encode]) => [key, encode()]));
	}

	/** Sends a value, or keeps it in the place of the one before it. `encode` is called when it leaves; what it throws now, this throws. */
	put(key: string, encode: () => string): void {
		if (this.#waiting.size === 0 && !this.#parts.congested()) {
			if (this.#parts.send(encode()) === 2) this.#waiting.set(key, encode);
			return;
		}
		if (this.#waiting.size >= LIMITS.coalescedKeys && !this.#waiting.has(key)) {
			for (const oldest of this.#waiting.keys()) {
				this.#waiting.delete(oldest);
				break;
			}
			this.#parts.full();
		}
		this.#waiting.set(key, encode);
		this.flush();
	}

	/** Forgets a value that has not left. */
	delete(key: string): void {
		this.#waiting.delete(key);
	}

	/** Forgets what has not left of the keys that begin so. */
	deleteAll(prefix: string): void {
		for (const key of this.#waiting.keys()) if (key.startsWith(prefix)) this.#waiting.delete(key);
	}

	clear(): void {
		this.#waiting.clear();
	}

	/** Sends what waits, until the socket has no more room. */
	flush(): void {
		for (const [key, encode] of this.#waiting) {
			if (this.#parts.congested()) return;
			let frame: string;
			try {
				frame = encode();
			} catch (error) {
				this.#waiting.delete(key);
				this.#parts.failed(error);
				continue;
			}
			const status = this.#parts.send(frame);
			if (status === 2) return;
			this.#waiting.delete(key);
			if (status === 0) return;
		}
	}
}
