import type { Clock } from '../../contract/clock.ts';
import type { Departure, Member, PresenceStore } from '../../contract/store/presence.ts';
import { fromText, toText } from '../json.ts';
import { Seating } from '../seating.ts';

const MAX_MEMBERS = 1_000_000;

interface Person {
	readonly key: string;
	readonly text: string;
}

/** Members of one process's topics. */
export class MemoryPresenceStore implements PresenceStore {
	/** By connection. */
	readonly #seating: Seating<Person>;
	/** Connections by key, of each topic. */
	readonly #keys = new Map<string, Map<string, Set<string>>>();

	constructor(clock: Clock, maxMembers: number = MAX_MEMBERS) {
		this.#seating = new Seating(clock, 'presence store', maxMembers, (topic, { id, value }) =>
			this.#forget(topic, value.key, id)
		);
	}

	async join(topic: string, { key, connection, node, data }: Member, ttlMs: number): Promise<{ readonly first: boolean }> {
		const text = toText(data);
		const present = this.#seating.get(topic, connection);
		if (present && present.key !== key) this.#seating.delete(topic, connection);
		const first = !this.#isThere(topic, key);
		this.#seating.put(topic, { id: connection, node, value: { key, text } }, ttlMs);
		const keys = this.#keys.get(topic) ?? new Map<string, Set<string>>();
		this.#keys.set(topic, keys);
		const connections = keys.get(key);
		if (connections) connections.add(connection);
		else keys.set(key, new Set([connection]));
		return { first };
	}

	async leave(topic: string, { key, connection }: Pick<Member, 'key' | 'connection'>): Promise<{ readonly last: boolean }> {
		if (this.#seating.get(topic, connection)?.key !== key) return { last: false };
		this.#seating.delete(topic, connection);
		return { last: !this.#isThere(topic, key) };
	}

	async touch(topics: readonly string[], node: string, ttlMs: number): Promise<void> {
		this.#seating.touch(topics, node, ttlMs);
	}

	async list(topic: string): Promise<readonly Member[]> {
		return this.#seating
			.list(topic)
			.map(({ id, node, value: { key, text } }) => ({ key, connection: id, node, data: fromText(text) }));
	}

	async drop(node: string): Promise<readonly Departure[]> {
		const gone = new Map<string, Departure>();
		for (const [topic, { value }] of this.#seating.drop(node))
			if (!this.#isThere(topic, value.key)) gone.set(`${topic}\n${value.key}`, { topic, key: value.key });
		return [...gone.values()];
	}

	#isThere(topic: string, key: string): boolean {
		for (const connection of this.#keys.get(topic)?.get(key) ?? []) if (this.#seating.get(topic, connection)) return true;
		return false;
	}

	#forget(topic: string, key: string, connection: string): void {
		const keys = this.#keys.get(topic);
		const connections = keys?.get(key);
		connections?.delete(connection);
		if (connections?.size !== 0) return;
		keys?.delete(key);
		if (keys?.size === 0) this.#keys.delete(topic);
	}
}
