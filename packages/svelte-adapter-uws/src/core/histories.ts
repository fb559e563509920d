import type { Position } from '../contract/envelope.ts';
import type { ReplayStore, Stored } from '../contract/store/replay.ts';
import { atOnce, type Report } from './isolation.ts';
import { LIMITS } from './limits.ts';

type Matches = (topic: string) => boolean;

/** An event that is to be kept. */
export interface Kept {
	readonly topic: string;
	readonly event: string;
	readonly data: unknown;
	readonly copy: () => unknown;
}

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
		for (const matches of this.#matches) if (this.#isKeptBy(matches, topic)) return true;
		return false;
	}

	/**
	 * Keeps an event, and calls `then` with its position, in the order of the calls; `undefined` = the store has failed. `copy`
	 * gives the data as it is now, for when the store cannot be asked now.
	 */
	append({ topic, event, data, copy }: Kept, then: (position: Position | undefined) => void): void {
		this.#waiting++;
		const before = this.#lines.get(topic);
		const line = (before ? this.#appendAfter(before, topic, event, copy()) : this.#append(topic, event, data))
			.then(
				({ position }) => position,
				(error: unknown) => void this.#report('history', error)
			)
			.then((position) => {
				this.#waiting--;
				if (this.#lines.get(topic) === line) this.#lines.delete(topic);
				then(position);
			})
			.catch((error: unknown) => this.#report('history', error));
		this.#lines.set(topic, line);
	}

	async #append(topic: string, event: string, data: unknown): Promise<Stored> {
		return this.#store.append(topic, event, data);
	}

	async #appendAfter(before: Promise<void>, ...kept: Parameters<ReplayStore['append']>): Promise<Stored> {
		await before;
		return this.#store.append(...kept);
	}

	/** A function that fails says no. */
	#isKeptBy(matches: Matches, topic: string): boolean {
		try {
			return Boolean(atOnce('The answer of the function given to keep', matches(topic)));
		} catch (error) {
			this.#report('keep', error);
			return false;
		}
	}
}
