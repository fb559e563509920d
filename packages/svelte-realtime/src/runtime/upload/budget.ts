import type { Limits } from '../../shared/limits.ts';
import type { Violated } from '../invariants.ts';

/** Bytes that a client may send ahead of its handler. */
const WINDOW = 1024 * 1024;
/** Bytes that all uploads of a server may be ahead of their handlers before each gets no more than one frame. */
const PLENTY = 64 * 1024 * 1024;

type EarlyLimits = Pick<Limits, 'maxEarlyUploadBytes' | 'maxEarlyUploadBytesTotal'>;

/** How far ahead of their handlers all uploads of a server are, and may be. */
export class Budget {
	readonly #frame: number;
	readonly #limits: () => EarlyLimits;
	readonly #violated: Violated;
	#promised = 0;
	#early = 0;

	/** `frame`: bytes of the largest frame; `limits` are read at each use. */
	constructor(frame: number, limits: () => EarlyLimits, violated: Violated) {
		this.#violated = violated;
		this.#frame = frame;
		this.#limits = limits;
	}

	/** Bytes promised to clients that their handlers have not read. */
	get promised(): number {
		return this.#promised;
	}

	/** Bytes that wait for handlers which have not begun to read. */
	get early(): number {
		return this.#early;
	}

	/** How far ahead of its handler one upload may be now. */
	get window(): number {
		return this.#promised < PLENTY ? Math.max(WINDOW, this.#frame) : this.#frame;
	}

	/** Bytes that a part counts as at least, so that many small ones cost no more than few large ones. */
	get small(): number {
		return Math.min(4_096, this.#frame / 2);
	}

	promise(bytes: number): void {
		this.#promised += bytes;
		if (this.#promised < 0) this.#violated('realtime/upload-promised', { promised: this.#promised });
	}

	/** Bytes of one upload that may wait before its handler reads. */
	get maxEarly(): number {
		return this.#limits().maxEarlyUploadBytes;
	}

	/** Takes bytes whose handler has not begun to read; false when there are too many. */
	takeEarly(bytes: number): boolean {
		if (this.#early + bytes > this.#limits().maxEarlyUploadBytesTotal) return false;
		this.#early += bytes;
		return true;
	}

	releaseEarly(bytes: number): void {
		this.#early -= bytes;
		if (this.#early < 0) this.#violated('realtime/upload-early', { early: this.#early });
	}
}
