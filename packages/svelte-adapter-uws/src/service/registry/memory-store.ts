import type { Clock } from '../../contract/clock.ts';
import type { Place, RegistryStore } from '../../contract/store/registry.ts';
import { StoreFullError } from '../store-full.ts';

const MAX_PLACES = 1_000_000;
/** Users looked at for expired connections with each one that is added, and connections of each. */
const SWEPT = 2;

interface Held extends Place {
	readonly until: number;
}

/** Connections by user, of one process. */
export class MemoryRegistryStore implements RegistryStore {
	readonly #clock: Clock;
	readonly #maxPlaces: number;
	/** Places by node and connection, in the order of opening. */
	readonly #users = new Map<string, Map<string, Held>>();
	/** From when to when a node has renewed what it holds, without a gap. */
	readonly #touched = new Map<string, { readonly since: number; readonly until: number }>();
	#places = 0;

	constructor(clock: Clock, maxPlaces: number = MAX_PLACES) {
		this.#clock = clock;
		this.#maxPlaces = maxPlaces;
	}

	async open(user: string, { node, connection }: Place, ttlMs: number): Promise<void> {
		this.#sweep();
		const places = this.#users.get(user) ?? new Map<string, Held>();
		const id = idOf({ node, connection });
		if (places.delete(id)) this.#places--;
		if (this.#places >= this.#maxPlaces) throw new StoreFullError('registry store', this.#maxPlaces);
		this.#users.set(user, places);
		places.set(id, { node, connection, until: this.#clock.now() + ttlMs });
		this.#places++;
	}

	async close(user: string, place: Place): Promise<boolean> {
		const places = this.#users.get(user);
		const id = idOf(place);
		const held = places?.get(id);
		if (!places || !held) return false;
		places.delete(id);
		this.#places--;
		if (places.size === 0) this.#users.delete(user);
		return this.#isLive(held);
	}

	async find(user: string): Promise<readonly Place[]> {
		this.#expire(user);
		return [...(this.#users.get(user)?.values() ?? [])].map(({ node, connection }) => ({ node, connection })).reverse();
	}

	async touch(node: string, ttlMs: number): Promise<void> {
		const now = this.#clock.now();
		const before = this.#touched.get(node);
		// What expired in a gap stays gone.
		const [since, until] = before && before.until > now ? [before.since, before.until] : [now, now];
		this.#touched.set(node, { since, until: Math.max(until, now + ttlMs) });
	}

	async drop(node: string): Promise<void> {
		for (const [user, places] of this.#users) this.#keep(user, places, (held) => held.node !== node);
		this.#touched.delete(node);
	}

	#expire(user: string): void {
		const places = this.#users.get(user);
		if (places) this.#keep(user, places, (held) => this.#isLive(held));
	}

	#isLive({ node, until }: Held): boolean {
		const now = this.#clock.now();
		const touched = this.#touched.get(node);
		return until > now || (touched !== undefined && until > touched.since && touched.until > now);
	}

	#keep(user: string, places: Map<string, Held>, isKept: (held: Held) => boolean): void {
		for (const [id, held] of places) {
			if (isKept(held)) continue;
			places.delete(id);
			this.#places--;
		}
		if (places.size === 0) this.#users.delete(user);
	}

	/** Takes the users in turn, a few at a time, and of each the few that came first: one user may have any number of connections. */
	#sweep(): void {
		for (const [user, places] of [...first(this.#users, SWEPT)]) {
			for (const [id, held] of [...first(places, SWEPT)]) {
				if (this.#isLive(held)) continue;
				places.delete(id);
				this.#places--;
			}
			this.#users.delete(user);
			if (places.size > 0) this.#users.set(user, places);
		}
	}
}

function* first<Item>(items: Iterable<Item>, count: number): Generator<Item> {
	let left = count;
	for (const item of items) {
		if (left-- <= 0) return;
		yield item;
	}
}

const idOf = ({ node, connection }: Place): string => `${node}\n${connection}`;
