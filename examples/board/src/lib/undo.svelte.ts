/** Steps back through what this person did: each entry says what it undoes and how. */
export class UndoStack {
	#entries = $state<{ label: string; undo: () => Promise<unknown> }[]>([]);

	/** What the next `undo` would take back, for example `move`; `undefined` when there is nothing. */
	get next(): string | undefined {
		return this.#entries.at(-1)?.label;
	}

	push(label: string, undo: () => Promise<unknown>): void {
		this.#entries.push({ label, undo });
		if (this.#entries.length > 100) this.#entries.shift();
	}

	async undo(): Promise<string | undefined> {
		const entry = this.#entries.pop();
		await entry?.undo();
		return entry?.label;
	}
}
