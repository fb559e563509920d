import type { Clock } from '../../contract/clock.ts';
import type { Place, RegistryStore } from '../../contract/store/registry.ts';
import { StoreFullError } from '../store-full.ts';
import { listed, placeOf, withoutPlace, withPlace, type Held, type Places } from './places.ts';

const MAX_PLACES = 1_000_000;
/** Users looked at for expired connections with each one that is added, and connections of each. */
const SWEPT = 2;

/** Connections by user, of one process. */
export class MemoryRegistryStore implements RegistryStore {
	readonly #clock: Clock;
	readonly #maxPlaces: number;
	readonly #users = new Map<string, Places>();
	/** From when to when a node has renewed what it holds, without a gap. */
	readonly #touched = new Map<string, { readonly since: number; readonly until: number }>();
	#places = 0;

	constructor(clock: Clock, maxPlaces: number = MAX_PLACES) {
		this.#clock = clock;
		this.#maxPlaces = maxPlaces;
	}

	async open(user: string, place: Place, ttlMs: number): Promise<void> {
		this.#sweep();
		this.#remove(user, place);
		if (this.#places >= this.#maxPlaces) throw new StoreFullError('registry store', this.#maxPlaces);
		const { node, connection } = place;
		this.#users.set(user, withPlace(this.#users.get(user), { node, connection, until: this.#clock.now() + ttlMs }));
		this.#places++;
	}

	async close(user: string, place: Place): Promise<boolean> {
		const held = this.#remove(user, place);
		return held !== undefined && this.#isLive(held);
	}

	async find(user: string): Promise<readonly Place[]> {
		const places = [...listed(this.#users.get(user))];
		for (const held of places) if (!this.#isLive(held)) this.#remove(user, held);
		return places
			.filter((held) => this.#isLive(held))
			.map(({ node, connection }) => ({ node, connection }))
			.reverse();
	}

	async touch(node: string, ttlMs: number): Promise<void> {
		const now = this.#clock.now();
		const before = this.#touched.get(node);
		// What expired in a gap stays gone.
		const [since, until] = before && before.until > now ? [before.since, before.until] : [now, now];
		this.#touched.set(node, { since, until: Math.max(until, now + ttlMs) });
	}

	async drop(node: string): Promise<void> {
		for (const [user, places] of this.#users)
			for (const held of [...listed(places)]) if (held.node === node) this.#remove(user, held);
		this.#touched.delete(node);
	}

	#isLive({ node, until }: Held): boolean {
		const now = this.#clock.now();
		const touched = this.#touched.get(node);
		return until > now || (touched !== undefined && until > touched.since && touched.until > now);
	}

	#remove(user: string, place: Place): Held | undefined {
		const places = this.#users.get(user);
		const held = placeOf(places, place);
		if (!held) return undefined;
		this.#places--;
		const left = withoutPlace(places, place);
		if (left) this.#users.set(user, left);
		else this.#users.delete(user);
		return held;
	}

	/** Takes the users in turn, a few at a time, and of each the few that came first: one user may have any number of connections. */
	#sweep(): void {
		for (const [user, places] of [...first(this.#users, SWEPT)]) {
			for (const held of [...first(listed(places), SWEPT)]) if (!this.#isLive(held)) this.#remove(user, held);
			const left = this.#users.get(user);
			if (!left) continue;
			this.#users.delete(user);
			this.#users.set(user, left);
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
