import type { Clock } from '../../contract/clock.ts';
import type { Question } from '../../contract/peers.ts';
import type { Channel } from './channel.ts';

/** Milliseconds that the primary waits for answers. */
const PATIENCE_MS = 2_000;

interface Poll {
	readonly missing: Set<Channel>;
	readonly values: number[];
	readonly end: () => void;
}

/** Passes what one worker asks on to every other that is ready, and their answers back together. */
export class Polls {
	readonly #clock: Clock;
	readonly #ready = new Set<Channel>();
	readonly #polls = new Map<number, Poll>();
	#last = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Takes a worker in until it is disposed. */
	join(channel: Channel): Disposable {
		const listening = channel.listen((message) => {
			if (message.type === 'ready') this.#ready.add(channel);
			else if (message.type === 'ask') this.#ask(channel, message.id, message.question);
			else if (message.type === 'answer') this.#answer(channel, message.id, message.value);
		});
		return {
			[Symbol.dispose]: () => {
				listening[Symbol.dispose]();
				this.#ready.delete(channel);
				// Nobody waits for who is gone.
				for (const id of [...this.#polls.keys()]) this.#answer(channel, id);
			}
		};
	}

	#ask(from: Channel, id: number, question: Question): void {
		const missing = new Set(this.#ready);
		missing.delete(from);
		const values: number[] = [];
		if (missing.size === 0) return from.send({ type: 'answers', id, values });
		const own = ++this.#last;
		const end = (): void => {
			this.#polls.delete(own);
			timer[Symbol.dispose]();
			from.send({ type: 'answers', id, values });
		};
		const timer = this.#clock.after(PATIENCE_MS, end);
		this.#polls.set(own, { missing, values, end });
		for (const channel of missing) channel.send({ type: 'ask', id: own, question });
	}

	#answer(channel: Channel, id: number, value?: number): void {
		const poll = this.#polls.get(id);
		if (!poll?.missing.delete(channel)) return;
		if (value !== undefined) poll.values.push(value);
		if (poll.missing.size === 0) poll.end();
	}
}
