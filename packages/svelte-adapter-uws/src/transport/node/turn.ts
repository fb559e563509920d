import type { Duplex } from 'node:stream';

/**
 * Gathers what is written to a stream within one turn of the event loop into one system call. Streams keep the order of
 * their writes, whoever makes them.
 */
export class Turn {
	readonly #limit: number;
	#corked: Duplex[] = [];

	/** `limit`: bytes that may wait for the end of the turn. More leave at once, so that a burst is not mistaken for a slow reader. */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Call before a write. */
	join(stream: Duplex): void {
		if (stream.writableCorked > 0) {
			if (stream.writableLength < this.#limit) return;
			// As many corks as there are: the end of the turn, and whoever else corked it, take theirs off again.
			const corks = stream.writableCorked;
			for (let count = 0; count < corks; count++) stream.uncork();
			for (let count = 0; count < corks; count++) stream.cork();
			return;
		}
		stream.cork();
		if (this.#corked.push(stream) === 1) process.nextTick(() => this.#end());
	}

	#end(): void {
		const corked = this.#corked;
		this.#corked = [];
		for (let index = 0; index < corked.length; index++) corked[index]!.uncork();
	}
}
