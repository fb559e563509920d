import type { Position } from '../contract/envelope.ts';
import type { ReplayStore } from '../contract/store/replay.ts';
import type { Report } from './isolation.ts';
import { LIMITS } from './limits.ts';

type Matches = (topic: string) => boolean;

/** Which topics the store numbers and keeps, and what waits for its answer. */
export class Histories {
	readonly #store: ReplayStore;
	readonly #report: Report;
	readonly #matches = new Set<Matches>();
	/** The end of the line of each topic. */
	readonly #lines = new Map<string, Promise<void>>();
	#waiting = 0;

	constructor(store: ReplayStore, report: Report) {
		this.#store = store;
		this.#report = report;
	}

	add(matches: Matches): Disposable {
		const own: Matches = (topic) => matches(topic);
		this.#matches.add(own);
		return { [Symbol.dispose]: () => void this.#matches.delete(own) };
	}

	/** Whether the next event of a topic is to be kept. */
	keeps(topic: string): boolean {
		return this.has(topic) && this.#waiting < LIMITS.unrecorded;
	}

	/** Whether somebody wants the events of a topic kept. */
	has(topic: string): boolean {
		for (const matches of this.#matches) if (matches(topic)) return true;
		return false;
	}

	/** Keeps an event, and calls `then` with its position, in the order of the calls; `undefined` = the store has failed. */
	append(topic: string, event: string, data: unknown, then: (position: Position | undefined) => void): void {
		this.#waiting++;
		const line = (this.#lines.get(topic) ?? Promise.resolve())
			.then(() => this.#store.append(topic, event, data))
			.then(
				({ position }) => position,
				(error: unknown) => void this.#report('history', error)
			)
			.then((position) => {
				this.#waiting--;
				if (this.#lines.get(topic) === line) this.#lines.delete(topic);
				then(position);
			});
		this.#lines.set(topic, line);
	}
}
