/** A value that is computed anew when somebody asks for it, once at a time, and told when it has changed. */
export class Computation {
	readonly #compute: () => unknown;
	readonly #tell: (value: unknown) => void;
	#running: Promise<unknown> | undefined;
	/** The one that begins when the one that runs is over. */
	#next: Promise<unknown> | undefined;
	/** What everybody has been given, as JSON. */
	#known: string | undefined;
	#isAsked = false;
	#isOver = false;

	/** `tell` hears each value that differs from the one before, in the order in which they were computed. */
	constructor(compute: () => unknown, tell: (value: unknown) => void) {
		this.#compute = compute;
		this.#tell = tell;
	}

	/** The value as it is from now on, for somebody who hears of all that follow. Rejects with what the function throws. */
	current(): Promise<unknown> {
		if (this.#next) return this.#next;
		if (!this.#running) return (this.#running = this.#run());
		// What runs may have read already what has changed since.
		return (this.#next = this.#running.then(noop, noop).then(() => {
			this.#next = undefined;
			return (this.#running = this.#run());
		}));
	}

	/** Computes it because something has changed, also when nobody was given a value yet. */
	refresh(): Promise<unknown> {
		this.#isAsked = true;
		return this.current();
	}

	/** Tells nothing any more. */
	end(): void {
		this.#isOver = true;
	}

	async #run(): Promise<unknown> {
		const isAsked = this.#isAsked;
		this.#isAsked = false;
		try {
			const value: unknown = (await this.#compute()) ?? null;
			const text = JSON.stringify(value);
			const isNews = text !== this.#known && (isAsked || this.#known !== undefined);
			this.#known = text;
			if (isNews && !this.#isOver) this.#tell(value);
			return value;
		} finally {
			this.#running = undefined;
		}
	}
}

const noop = (): void => {};
