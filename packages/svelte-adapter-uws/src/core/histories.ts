import type { Position } from '../contract/envelope.ts';
import type { Keeping, KeepOptions } from '../contract/platform.ts';
import type { ReplayStore, Stored } from '../contract/store/replay.ts';
import { atOnce, type Report } from './isolation.ts';
import { LIMITS } from './limits.ts';
import { OwnReplay } from './own-replay.ts';

type Matches = (topic: string) => boolean;
type Store = Pick<ReplayStore, 'append' | 'current' | 'since'>;

/** An event that is to be kept. */
export interface Kept {
	readonly topic: string;
	readonly event: string;
	readonly data: unknown;
	readonly copy: () => unknown;
}

export interface HistoriesParts {
	readonly store: Store;
	/** Who this node is in the store. */
	readonly node: string;
	readonly report: Report;
}

/** Topics that somebody wants kept. */
interface Wanted {
	readonly matches: Matches;
	readonly isApart: () => boolean;
}

/** Which topics the store numbers and keeps, for all nodes or for this one, and what waits for its answer. */
export class Histories implements Pick<ReplayStore, 'current' | 'since'> {
	readonly #store: Store;
	readonly #own: Store;
	readonly #report: Report;
	readonly #wanted = new Set<Wanted>();
	/** The end of the line of each topic. */
	readonly #lines = new Map<string, Promise<void>>();
	#waiting = 0;

	constructor({ store, node, report }: HistoriesParts) {
		this.#store = store;
		this.#own = new OwnReplay(store, node);
		this.#report = report;
	}

	add(matches: Matches, { isApart = () => false }: KeepOptions = {}): Keeping {
		const wanted: Wanted = { matches, isApart };
		this.#wanted.add(wanted);
		return {
			current: (topic) => this.current(topic),
			since: (topic, position) => this.since(topic, position),
			[Symbol.dispose]: () => void this.#wanted.delete(wanted)
		};
	}

	/** Whether the next event of a topic is to be kept. */
	keeps(topic: string): boolean {
		return this.has(topic) && this.#waiting < LIMITS.unrecorded;
	}

	/** Whether somebody wants the events of a topic kept. */
	has(topic: string): boolean {
		return this.#find(topic) !== undefined;
	}

	/** Whether this node keeps a topic for itself. */
	isApart(topic: string): boolean {
		const wanted = this.#find(topic);
		return wanted !== undefined && this.#says(wanted.isApart);
	}

	current(topic: string): Promise<Position> {
		return this.#storeOf(topic).current(topic);
	}

	since(topic: string, position: Position): Promise<readonly Stored[] | undefined> {
		return this.#storeOf(topic).since(topic, position);
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

	async #append(...kept: Parameters<ReplayStore['append']>): Promise<Stored> {
		return this.#storeOf(kept[0]).append(...kept);
	}

	async #appendAfter(before: Promise<void>, ...kept: Parameters<ReplayStore['append']>): Promise<Stored> {
		await before;
		return this.#append(...kept);
	}

	#storeOf(topic: string): Store {
		return this.isApart(topic) ? this.#own : this.#store;
	}

	#find(topic: string): Wanted | undefined {
		for (const wanted of this.#wanted) if (this.#says(() => wanted.matches(topic))) return wanted;
		return undefined;
	}

	/** A function that fails says no. */
	#says(ask: () => boolean): boolean {
		try {
			return Boolean(atOnce('The answer of a function given to keep', ask()));
		} catch (error) {
			this.#report('keep', error);
			return false;
		}
	}
}
