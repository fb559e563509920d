import { createCell, type Cell } from '../cell.ts';

/** How much `undo` can take back. */
export interface HistoryOptions {
	/** Values kept. Default 50. */
	readonly max?: number;
	/** Longest list that is kept, in items; longer ones are not recorded. Default 200. */
	readonly maxItems?: number;
}

/** The values that a stream had, on this page: undo and redo show them, and tell nobody. */
export class History {
	readonly canUndo: Cell<boolean> = createCell(false);
	readonly canRedo: Cell<boolean> = createCell(false);
	#values: unknown[] = [];
	#at = -1;
	#max = 0;
	#maxItems = 200;
	#paused = false;
	#warned = false;

	get enabled(): boolean {
		return this.#max > 0;
	}

	/** Begins with the value that is there. */
	enable({ max = 50, maxItems = 200 }: HistoryOptions, value: unknown): void {
		if (!Number.isSafeInteger(max) || max < 1) throw new RangeError('enableHistory(max): max is a whole number from 1.');
		this.#max = max;
		this.#maxItems = maxItems;
		if (this.#at < 0) this.record(value);
		this.#trim();
	}

	/** Takes the value that is shown now; what could be redone is gone. */
	record(value: unknown): void {
		if (!this.enabled || this.#paused || value === undefined || value === this.#values[this.#at]) return;
		if (Array.isArray(value) && value.length > this.#maxItems) {
			if (!this.#warned)
				// eslint-disable-next-line no-console -- a list that undo leaves out would be a riddle
				console.warn(
					`[svelte-realtime] A list of ${value.length} items is not recorded for undo: the limit is ${this.#maxItems}. Raise it with enableHistory({ maxItems }).`
				);
			this.#warned = true;
			return;
		}
		this.#values = [...this.#values.slice(0, this.#at + 1), value];
		this.#at = this.#values.length - 1;
		this.#trim();
	}

	/** Moves by one, and gives what is there; `undefined` when there is nothing. */
	move(by: -1 | 1): { readonly value: unknown } | undefined {
		const at = this.#at + by;
		if (at < 0 || at >= this.#values.length) return undefined;
		this.#at = at;
		this.#tell();
		return { value: this.#values[at] };
	}

	pause(): void {
		this.#paused = true;
	}

	resume(value: unknown): void {
		this.#paused = false;
		this.record(value);
	}

	clear(): void {
		this.#values = [];
		this.#at = -1;
		this.#tell();
	}

	#trim(): void {
		const over = this.#values.length - this.#max;
		if (over > 0) {
			this.#values = this.#values.slice(over);
			this.#at = Math.max(0, this.#at - over);
		}
		this.#tell();
	}

	#tell(): void {
		this.canUndo.set(this.#at > 0);
		this.canRedo.set(this.#at < this.#values.length - 1);
	}
}
