import type { Clock } from '../contract/clock.ts';
import { StoreFullError } from './store-full.ts';

/** Milliseconds between two looks for expired seats in one place. */
const SWEEP_MS = 1_000;

/** Somebody in a place, held by a node. */
export interface Seated<Value> {
	readonly id: string;
	readonly node: string;
	readonly value: Value;
}

interface Seat<Value> extends Seated<Value> {
	readonly until: number;
}

interface Place<Value> {
	/** By id, in the order of coming. */
	readonly seats: Map<string, Seat<Value>>;
	/** Until when a node has renewed its seats. */
	readonly touched: Map<string, number>;
	nextSweep: number;
}

/**
 * Who is in which place. A seat that its node does not renew is empty after its time. There are no timers: such seats are not
 * seen, and go as others come and look.
 */
export class Seating<Value> {
	readonly #clock: Clock;
	readonly #what: string;
	readonly #max: number;
	readonly #emptied: (place: string, seated: Seated<Value>) => void;
	readonly #places = new Map<string, Place<Value>>();
	#size = 0;

	/** `emptied` hears of every seat that is not there any more. */
	constructor(clock: Clock, what: string, max: number, emptied: (place: string, seated: Seated<Value>) => void = () => {}) {
		this.#clock = clock;
		this.#what = what;
		this.#max = max;
		this.#emptied = emptied;
	}

	/** Takes a seat, or keeps it with another value. Throws a StoreFullError for one too many. */
	put(name: string, { id, node, value }: Seated<Value>, ttlMs: number): void {
		const now = this.#clock.now();
		const place = this.#places.get(name) ?? { seats: new Map(), touched: new Map(), nextSweep: now + SWEEP_MS };
		if (now >= place.nextSweep) this.#expire(name, place);
		const present = place.seats.get(id);
		// Who comes back after its time comes last.
		if (present && !this.#isLive(place, present)) this.#remove(name, place, present);
		if (!place.seats.has(id)) {
			if (this.#size >= this.#max) throw new StoreFullError(this.#what, this.#max);
			this.#size++;
		}
		this.#places.set(name, place);
		place.seats.set(id, { id, node, value, until: now + ttlMs });
	}

	get(name: string, id: string): Value | undefined {
		const place = this.#places.get(name);
		const seat = place?.seats.get(id);
		return place && seat && this.#isLive(place, seat) ? seat.value : undefined;
	}

	/** Gives what was there. */
	delete(name: string, id: string): Value | undefined {
		const place = this.#places.get(name);
		const seat = place?.seats.get(id);
		if (!place || !seat) return undefined;
		const { value } = seat;
		const isLive = this.#isLive(place, seat);
		this.#remove(name, place, seat);
		return isLive ? value : undefined;
	}

	/** Renews every seat that a node has in these places. */
	touch(names: readonly string[], node: string, ttlMs: number): void {
		const until = this.#clock.now() + ttlMs;
		for (const name of names) {
			const place = this.#places.get(name);
			if (!place) continue;
			// What has expired must go first: nobody comes back by being touched.
			this.#expire(name, place);
			place.touched.set(node, Math.max(until, place.touched.get(node) ?? 0));
		}
	}

	/** In the order of coming. */
	list(name: string): readonly Seated<Value>[] {
		const place = this.#places.get(name);
		if (!place) return [];
		this.#expire(name, place);
		return [...place.seats.values()];
	}

	count(name: string): number {
		const place = this.#places.get(name);
		if (place) this.#expire(name, place);
		return place?.seats.size ?? 0;
	}

	/** Empties a place. */
	empty(name: string): void {
		const place = this.#places.get(name);
		for (const seat of [...(place?.seats.values() ?? [])]) this.#remove(name, place!, seat);
	}

	/** Empties every seat of a node; gives those that had not expired. */
	drop(node: string): readonly (readonly [place: string, seated: Seated<Value>])[] {
		const dropped: (readonly [string, Seated<Value>])[] = [];
		for (const [name, place] of this.#places) {
			for (const seat of [...place.seats.values()]) {
				if (seat.node !== node) continue;
				if (this.#isLive(place, seat)) dropped.push([name, seat]);
				this.#remove(name, place, seat);
			}
			place.touched.delete(node);
		}
		return dropped;
	}

	#isLive(place: Place<Value>, seat: Seat<Value>): boolean {
		return Math.max(seat.until, place.touched.get(seat.node) ?? 0) > this.#clock.now();
	}

	#expire(name: string, place: Place<Value>): void {
		place.nextSweep = this.#clock.now() + SWEEP_MS;
		for (const seat of [...place.seats.values()]) if (!this.#isLive(place, seat)) this.#remove(name, place, seat);
	}

	#remove(name: string, place: Place<Value>, seat: Seat<Value>): void {
		place.seats.delete(seat.id);
		this.#size--;
		if (place.seats.size === 0) this.#places.delete(name);
		this.#emptied(name, seat);
	}
}
