/** A part that has left, or is to leave. */
export interface Part {
	/** Bytes before it. */
	readonly start: number;
	readonly payload: Uint8Array;
	readonly isLast: boolean;
}

/** The parts of one upload that its server has not said to have: they may have to leave again. */
export class Outgoing {
	#kept: Part[] = [];
	/** How many of them have left over the current connection. */
	#left = 0;
	/** Number of the part that leaves next. */
	#next = 0;

	get next(): number {
		return this.#next;
	}

	/** The part that leaves next; `undefined` when all have left. */
	get waiting(): Part | undefined {
		return this.#kept[this.#left];
	}

	add(part: Part): void {
		this.#kept.push(part);
	}

	/** The part that was waiting has left. */
	shift(): void {
		this.#next++;
		this.#left++;
	}

	/** The server has so many bytes. */
	forget(received: number): void {
		for (; this.#left > 0; this.#left--) {
			const [{ start, payload }] = this.#kept as [Part];
			if (start + payload.length > received) return;
			this.#kept.shift();
		}
	}

	/** The server waits for the part of this number. */
	rewind(next: number): void {
		this.#kept.splice(0, next - (this.#next - this.#left));
		this.#next = next;
		this.#left = 0;
	}

	clear(): void {
		this.#kept = [];
		this.#left = 0;
	}
}
