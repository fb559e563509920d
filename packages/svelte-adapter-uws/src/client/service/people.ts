import type { Readable } from '../../contract/client.ts';
import { createLazyStore } from '../cell.ts';
import { openPage } from '../page.ts';
import { sweepEvery } from '../store/ageing.ts';
import { startSession, type PluginSession } from './session.ts';

/** What changes a map of people, by key. */
export interface People<T> {
	/** Adds or replaces; the person is fresh then. */
	put(key: string, value: T): void;
	drop(key: string): void;
	clear(): void;
	/** Makes somebody fresh; false when nobody of the key is known. */
	touch(key: string): boolean;
}

interface PeopleOptions<T, Value> {
	/** Milliseconds after which somebody who is not fresh any more goes. Default: never. */
	readonly maxAge: number | undefined;
	readonly initial: Value;
	/** The value of the store. */
	readonly show: (people: ReadonlyMap<string, T>) => Value;
	readonly session: (people: People<T>) => PluginSession;
}

/** A store of people as the server tells of them; one update an event, none when nothing changed. */
export function createPeopleStore<T, Value>({ maxAge, initial, show, session }: PeopleOptions<T, Value>): Readable<Value> {
	return createLazyStore(initial, (cell) => {
		const people = new Map<string, T>();
		const seen = new Map<string, number>();
		let isChanged = false;
		const forget = (key: string): void => {
			seen.delete(key);
			isChanged = people.delete(key) || isChanged;
		};
		const told = session({
			put(key, value) {
				people.set(key, value);
				seen.set(key, Date.now());
				isChanged = true;
			},
			drop: forget,
			clear() {
				isChanged = true;
				people.clear();
				seen.clear();
			},
			touch(key) {
				const isKnown = people.has(key);
				if (isKnown) seen.set(key, Date.now());
				return isKnown;
			}
		});
		const publish = (): void => {
			if (!isChanged) return;
			isChanged = false;
			cell.set(show(people));
		};
		const stop = startSession(openPage(), {
			...told,
			hear(envelope, again) {
				told.hear(envelope, again);
				publish();
			}
		});
		if (maxAge === undefined) return stop;
		const sweep = (): void => {
			for (const [key, at] of seen) if (Date.now() - at >= maxAge) forget(key);
			publish();
		};
		const timer = setInterval(sweep, sweepEvery(maxAge));
		return () => {
			clearInterval(timer);
			stop();
		};
	});
}

/** The members of an object, and nothing of what is none. */
export function entriesOf(value: unknown): [key: string, value: unknown][] {
	return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
