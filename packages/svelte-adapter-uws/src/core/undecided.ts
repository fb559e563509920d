import { LIMITS } from './limits.ts';

/** Subscribes of one topic, from one unsubscribe to the next, on which a gate has still to decide. */
export interface Asked {
	readonly topic: string;
	/** How many there are. */
	count: number;
	/** The client has left the topic since. */
	isWithdrawn: boolean;
}

interface Book {
	/** Subscribes, over all topics. */
	count: number;
	/** What the client still wants. */
	readonly wanted: Map<string, Asked>;
}

/** What clients have asked for while a gate takes its time: frames that follow are handled meanwhile, and may take it back. */
export class Undecided {
	readonly #books = new WeakMap<object, Book>();

	/** One more subscribe; `undefined` = there are too many. */
	add(connection: object, topic: string): Asked | undefined {
		let book = this.#books.get(connection);
		if (!book) this.#books.set(connection, (book = { count: 0, wanted: new Map() }));
		if (book.count >= LIMITS.undecidedSubscribes) return undefined;
		book.count++;
		let asked = book.wanted.get(topic);
		if (!asked) book.wanted.set(topic, (asked = { topic, count: 0, isWithdrawn: false }));
		asked.count++;
		return asked;
	}

	/** Takes back what was asked about a topic up to now. */
	withdraw(connection: object, topic: string): void {
		const wanted = this.#books.get(connection)?.wanted;
		const asked = wanted?.get(topic);
		if (!asked) return;
		asked.isWithdrawn = true;
		wanted?.delete(topic);
	}

	/** A subscribe is decided. */
	delete(connection: object, asked: Asked): void {
		const book = this.#books.get(connection);
		if (!book) return;
		asked.count--;
		if (asked.count === 0 && !asked.isWithdrawn) book.wanted.delete(asked.topic);
		if (--book.count === 0) this.#books.delete(connection);
	}
}
