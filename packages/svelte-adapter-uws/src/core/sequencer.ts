import type { Position } from '../contract/envelope.ts';

/** Gives each envelope of a topic its place: 1, 2, 3, … within one epoch, which is one life of this server. */
export class Sequencer {
	readonly epoch: string;
	readonly #last = new Map<string, number>();

	constructor(epoch: string) {
		this.epoch = epoch;
	}

	next(topic: string): Position {
		const seq = (this.#last.get(topic) ?? 0) + 1;
		this.#last.set(topic, seq);
		return { epoch: this.epoch, seq };
	}

	/** Topics with a counter. */
	get size(): number {
		return this.#last.size;
	}
}
