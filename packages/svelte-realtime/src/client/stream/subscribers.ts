/** How many follow one stream. What follows of a change happens at the end of the turn, so that a short visit costs nothing. */
export class Subscribers {
	readonly #changed: () => void;
	#count = 0;
	#isDue = false;

	constructor(changed: () => void) {
		this.#changed = changed;
	}

	get count(): number {
		return this.#count;
	}

	/** Counts one more; gives what takes it back, once. */
	add(): () => void {
		this.#change(1);
		let isThere = true;
		return () => {
			if (!isThere) return;
			isThere = false;
			this.#change(-1);
		};
	}

	#change(by: 1 | -1): void {
		this.#count += by;
		if (this.#isDue) return;
		this.#isDue = true;
		queueMicrotask(() => {
			this.#isDue = false;
			this.#changed();
		});
	}
}
