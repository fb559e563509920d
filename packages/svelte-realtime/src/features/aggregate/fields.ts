import type { Reducer } from '../../define/reactive.ts';
import { isThenable } from '../../shared/thenable.ts';

/** What the reducers have come to, by field. */
export type State = Record<string, unknown>;

/** The reducers of one aggregate. One that throws is reported, and leaves its field as it was; the others go on. */
export class Fields {
	readonly #reducers: readonly (readonly [field: string, reducer: Reducer])[];
	readonly #failed: (error: unknown) => void;

	constructor(reducers: Readonly<Record<string, Reducer>>, failed: (error: unknown) => void) {
		this.#reducers = Object.entries(reducers);
		this.#failed = failed;
	}

	/** A state that shares nothing with another. */
	initial(): State {
		const state: State = {};
		for (const [field, { init }] of this.#reducers) this.#set(state, field, () => init?.());
		return state;
	}

	/** Takes an event in. */
	reduce(state: State, event: string, data: unknown): void {
		for (const [field, { reduce }] of this.#reducers)
			if (reduce) this.#set(state, field, () => reduce(state[field], event, data));
	}

	/** One state of several, the oldest first. */
	combine(parts: readonly State[]): State {
		const state = this.initial();
		for (const [field, { combine }] of this.#reducers)
			if (combine) this.#set(state, field, () => combine(...parts.map((part) => part[field])));
		return state;
	}

	/** What clients see of a state. */
	view(state: State): State {
		const seen = { ...state };
		for (const [field, { compute }] of this.#reducers) if (compute) this.#set(seen, field, () => compute(seen));
		return seen;
	}

	#set(state: State, field: string, run: () => unknown): void {
		try {
			const value = run();
			if (!isThenable(value)) state[field] = value;
			else {
				void Promise.resolve(value).catch(() => {});
				this.#failed(new TypeError(`${field} gave a promise. Reducers have to give their result at once.`));
			}
		} catch (error) {
			this.#failed(error);
		}
	}
}

const RESERVED: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** The state with the fields of a snapshot in it, whatever it is. */
export function restored(state: State, snapshot: unknown): State {
	if (typeof snapshot !== 'object' || snapshot === null) return state;
	const fields = Object.entries(snapshot).filter(([field]) => !RESERVED.includes(field));
	return { ...state, ...Object.fromEntries(fields) };
}
