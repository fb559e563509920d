import type { Clock } from '../../contract/clock.ts';
import type { Departure, Member, PresenceStore } from '../../contract/store/presence.ts';
import { fromText, toText } from '../json.ts';
import { StoreFullError } from '../store-full.ts';

const MAX_MEMBERS = 1_000_000;
/** Milliseconds between two looks for expired members in one topic. */
const SWEEP_MS = 1_000;

interface Seat {
	readonly key: string;
	readonly connection: string;
	readonly node: string;
	readonly text: string;
	readonly until: number;
}

interface Room {
	/** By connection, in the order of joining. */
	readonly seats: Map<string, Seat>;
	/** Connections by key. */
	readonly keys: Map<string, Set<string>>;
	/** Until when a node has renewed its members. */
	readonly touched: Map<string, number>;
	nextSweep: number;
}

/** Members of one process's topics. */
export class MemoryPresenceStore implements PresenceStore {
	readonly #clock: Clock;
	readonly #maxMembers: number;
	readonly #rooms = new Map<string, Room>();
	#members = 0;

	constructor(clock: Clock, maxMembers: number = MAX_MEMBERS) {
		this.#clock = clock;
		this.#maxMembers = maxMembers;
	}

	async join(topic: string, { key, connection, node, data }: Member, ttlMs: number): Promise<{ readonly first: boolean }> {
		const text = toText(data);
		const now = this.#clock.now();
		const room = this.#rooms.get(topic) ?? { seats: new Map(), keys: new Map(), touched: new Map(), nextSweep: now + SWEEP_MS };
		this.#sweep(topic, room);
		const present = room.seats.get(connection);
		if (present && (present.key !== key || !this.#isLive(room, present))) this.#remove(topic, room, present);
		if (!room.seats.has(connection)) {
			if (this.#members >= this.#maxMembers) throw new StoreFullError('presence store', this.#maxMembers);
			this.#members++;
		}
		const first = !this.#isThere(room, key);
		this.#rooms.set(topic, room);
		room.seats.set(connection, { key, connection, node, text, until: now + ttlMs });
		const connections = room.keys.get(key);
		if (connections) connections.add(connection);
		else room.keys.set(key, new Set([connection]));
		return { first };
	}

	async leave(topic: string, { key, connection }: Pick<Member, 'key' | 'connection'>): Promise<{ readonly last: boolean }> {
		const room = this.#rooms.get(topic);
		const seat = room?.seats.get(connection);
		if (!room || seat?.key !== key) return { last: false };
		const was = this.#isThere(room, key);
		this.#remove(topic, room, seat);
		return { last: was && !this.#isThere(room, key) };
	}

	async touch(topics: readonly string[], node: string, ttlMs: number): Promise<void> {
		const until = this.#clock.now() + ttlMs;
		for (const topic of topics) {
			const room = this.#rooms.get(topic);
			if (!room) continue;
			// What has expired must go first: nobody comes back by being touched.
			this.#expire(topic, room);
			room.touched.set(node, Math.max(until, room.touched.get(node) ?? 0));
		}
	}

	async list(topic: string): Promise<readonly Member[]> {
		const room = this.#rooms.get(topic);
		if (!room) return [];
		this.#expire(topic, room);
		return [...room.seats.values()].map(({ key, connection, node, text }) => ({ key, connection, node, data: fromText(text) }));
	}

	async drop(node: string): Promise<readonly Departure[]> {
		const departures: Departure[] = [];
		for (const [topic, room] of this.#rooms) {
			const gone = [...room.seats.values()].filter((seat) => seat.node === node);
			const keys = new Set(gone.filter((seat) => this.#isLive(room, seat)).map(({ key }) => key));
			for (const seat of gone) this.#remove(topic, room, seat);
			room.touched.delete(node);
			for (const key of keys) if (!this.#isThere(room, key)) departures.push({ topic, key });
		}
		return departures;
	}

	#isLive(room: Room, seat: Seat): boolean {
		return Math.max(seat.until, room.touched.get(seat.node) ?? 0) > this.#clock.now();
	}

	#isThere(room: Room, key: string): boolean {
		for (const connection of room.keys.get(key) ?? []) if (this.#isLive(room, room.seats.get(connection)!)) return true;
		return false;
	}

	#sweep(topic: string, room: Room): void {
		if (this.#clock.now() >= room.nextSweep) this.#expire(topic, room);
	}

	#expire(topic: string, room: Room): void {
		room.nextSweep = this.#clock.now() + SWEEP_MS;
		for (const seat of [...room.seats.values()]) if (!this.#isLive(room, seat)) this.#remove(topic, room, seat);
	}

	#remove(topic: string, room: Room, { key, connection }: Seat): void {
		room.seats.delete(connection);
		this.#members--;
		const connections = room.keys.get(key);
		connections?.delete(connection);
		if (connections?.size === 0) room.keys.delete(key);
		if (room.seats.size === 0) this.#rooms.delete(topic);
	}
}
