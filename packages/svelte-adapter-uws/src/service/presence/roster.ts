import type { Connection } from '../../contract/connection.ts';
import type { PresenceStore } from '../../contract/store/presence.ts';
import { fromText, toText } from '../json.ts';
import type { Awaitable } from '../plugin/maybe.ts';

/** Who is in which topic, by key: the part of presence that one process knows by itself, or all nodes together. */
export interface Roster {
	/** Adds a connection; true when others have something new to hear: a key, or other data of a known one. */
	join(topic: string, key: string, ws: Connection, data: object): Awaitable<boolean>;
	/** Removes a connection; true when its key is not there any more. */
	leave(topic: string, key: string, ws: Connection): Awaitable<boolean>;
	/** Copies of the data, in the order of joining. */
	all(topic: string): Awaitable<ReadonlyMap<string, unknown>>;
	clear(): void;
}

interface Person {
	readonly connections: Set<Connection>;
	text: string;
}

/** The roster of one process. */
export class LocalRoster implements Roster {
	readonly #topics = new Map<string, Map<string, Person>>();

	join(topic: string, key: string, ws: Connection, data: object): boolean {
		const text = toText(data);
		const people = this.#topics.get(topic) ?? new Map<string, Person>();
		this.#topics.set(topic, people);
		const person = people.get(key);
		if (!person) {
			people.set(key, { connections: new Set([ws]), text });
			return true;
		}
		person.connections.add(ws);
		const isNews = person.text !== text;
		person.text = text;
		return isNews;
	}

	leave(topic: string, key: string, ws: Connection): boolean {
		const people = this.#topics.get(topic);
		const person = people?.get(key);
		if (!people || !person?.connections.delete(ws) || person.connections.size > 0) return false;
		people.delete(key);
		if (people.size === 0) this.#topics.delete(topic);
		return true;
	}

	all(topic: string): ReadonlyMap<string, unknown> {
		return new Map([...(this.#topics.get(topic) ?? [])].map(([key, { text }]) => [key, fromText(text)]));
	}

	count(topic: string): number {
		return this.#topics.get(topic)?.size ?? 0;
	}

	clear(): void {
		this.#topics.clear();
	}
}

/** The roster of all nodes, in a store. */
export class SharedRoster implements Roster {
	readonly #store: PresenceStore;
	readonly #node: string;
	readonly #ttlMs: number;

	constructor(store: PresenceStore, node: string, ttlMs: number) {
		this.#store = store;
		this.#node = node;
		this.#ttlMs = ttlMs;
	}

	async join(topic: string, key: string, ws: Connection, data: object): Promise<boolean> {
		await this.#store.join(topic, { key, connection: ws.id, node: this.#node, data }, this.#ttlMs);
		// The data of a key that was there may be other than before; to hear it again changes nothing.
		return true;
	}

	async leave(topic: string, key: string, ws: Connection): Promise<boolean> {
		return (await this.#store.leave(topic, { key, connection: ws.id })).last;
	}

	async all(topic: string): Promise<ReadonlyMap<string, unknown>> {
		return new Map((await this.#store.list(topic)).map(({ key, data }) => [key, data]));
	}

	touch(topics: readonly string[]): Promise<void> {
		return this.#store.touch(topics, this.#node, this.#ttlMs);
	}

	clear(): void {}
}
