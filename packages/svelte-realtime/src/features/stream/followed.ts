/** The topics of a stream that somebody on this node follows, and what is held for each of them from the first to the last who does. */
export class Followed implements Disposable {
	readonly #topics = new Map<string, { count: number; readonly held: Disposable | undefined }>();

	has(topic: string): boolean {
		return this.#topics.has(topic);
	}

	/** Somebody follows a topic; gives how it ends. `hold` is called for the first. */
	enter(topic: string, hold?: () => Disposable | undefined): () => void {
		const entry = this.#topics.get(topic) ?? { count: 0, held: hold?.() };
		entry.count++;
		this.#topics.set(topic, entry);
		return () => {
			if (--entry.count > 0) return;
			this.#topics.delete(topic);
			entry.held?.[Symbol.dispose]();
		};
	}

	[Symbol.dispose](): void {
		for (const { held } of this.#topics.values()) held?.[Symbol.dispose]();
		this.#topics.clear();
	}
}
