import type { Connection } from 'svelte-adapter-uws/contract';
import type { Host } from '../../runtime/host.ts';

/** Milliseconds that somebody who left counts as there, so that a reload of a page is no coming and going. */
export const GRACE_MS = 5_000;
/** Milliseconds after which the members of a node that is gone are gone as well. */
const TTL_MS = 30_000;
/** Milliseconds between two renewals. */
const RENEW_MS = 10_000;

/** One connection that is, or was until a moment ago, in a room. */
interface Seat {
	readonly topic: string;
	readonly key: string;
	readonly connection: string;
	/** Runs while the seat is kept for somebody who left. */
	grace?: Disposable;
	/** What was last asked of the store about it. Never rejects. */
	settled: Promise<void>;
}

/** One person in a room, as others see it. */
export interface Present {
	readonly key: string;
	readonly data: unknown;
}

/** The topic on which comings and goings of a room are told. */
export const presenceTopic = (topic: string): string => `${topic}:presence`;

/**
 * Who is in the rooms of one definition, over all nodes that share the stores: a person comes with the first connection, and goes
 * some seconds after the last one. What this node holds is leased, and nobody outlives a node that died.
 */
export class Attendance implements Disposable {
	readonly #host: Host;
	readonly #path: string;
	/** By room and connection. */
	readonly #seats = new Map<string, Map<string, Seat>>();
	/** Who is where as far as clients of this node were told, to tell them of those who went with their node. */
	readonly #known = new Map<string, Set<string>>();
	#renewal: Disposable | undefined;
	#isDisposed = false;

	constructor(host: Host, path: string) {
		this.#host = host;
		this.#path = path;
	}

	/** A connection is in a room. Resolves when the others can see it. Rejects when the store does. */
	async enter(ws: Connection, topic: string, key: string, data: unknown): Promise<void> {
		const seats = this.#seats.get(topic) ?? new Map<string, Seat>();
		this.#seats.set(topic, seats);
		const known = seats.get(ws.id);
		const seat: Seat = known ?? { topic, key, connection: ws.id, settled: Promise.resolve() };
		seat.grace?.[Symbol.dispose]();
		delete seat.grace;
		seats.set(ws.id, seat);
		this.#renew();
		const { presence, node } = this.#host.platform.stores;
		const joined = seat.settled.then(async () => {
			const { first } = await presence.join(topic, { key, connection: ws.id, node, data }, TTL_MS);
			if (first) this.#host.platform.publish(presenceTopic(topic), 'join', { key, data });
		});
		seat.settled = joined.catch(() => {});
		await joined;
	}

	/** The connection has left the room. */
	exit(ws: Connection, topic: string): void {
		const seat = this.#seats.get(topic)?.get(ws.id);
		if (!seat || seat.grace) return;
		if (this.#isDisposed) return this.#remove(seat);
		seat.grace = this.#host.after(GRACE_MS, () => this.#remove(seat));
	}

	/** Takes in what was published on the topic of a room's presence, by whichever node. */
	hear(presence: string, event: string, data: unknown): void {
		const topic = presence.slice(0, -presenceTopic('').length);
		const key = (data as Partial<Present> | null | undefined)?.key;
		if (typeof key !== 'string') return;
		if (event === 'leave') this.#known.get(topic)?.delete(key);
		else if (event === 'join' && this.#isFollowed(topic)) this.#tell(topic, key);
	}

	/** Everybody in a room, each once, in the order of coming. */
	async list(topic: string): Promise<Present[]> {
		const present = new Map<string, Present>();
		for (const { key, data } of await this.#host.platform.stores.presence.list(topic)) present.set(key, { key, data });
		for (const key of present.keys()) this.#tell(topic, key);
		return [...present.values()];
	}

	/** Lets everybody go at once who has left; those who are there go when they leave. */
	[Symbol.dispose](): void {
		this.#isDisposed = true;
		this.#renewal?.[Symbol.dispose]();
		for (const seats of [...this.#seats.values()]) for (const seat of [...seats.values()]) if (seat.grace) this.#remove(seat);
	}

	#remove(seat: Seat): void {
		const { topic, key, connection } = seat;
		seat.grace?.[Symbol.dispose]();
		const seats = this.#seats.get(topic);
		seats?.delete(connection);
		if (seats?.size === 0) this.#seats.delete(topic);
		seat.settled = seat.settled
			.then(() => this.#host.platform.stores.presence.leave(topic, { key, connection }))
			.then(({ last }) => {
				if (last) this.#host.platform.publish(presenceTopic(topic), 'leave', { key });
			})
			.catch((error: unknown) => this.#host.onError(this.#path, error));
	}

	#renew(): void {
		if (this.#isDisposed) return;
		this.#renewal ??= this.#host.after(RENEW_MS, () => {
			this.#renewal = undefined;
			for (const topic of this.#known.keys()) if (!this.#isFollowed(topic)) this.#known.delete(topic);
			if (this.#seats.size === 0 && this.#known.size === 0) return;
			this.#renew();
			this.#look().catch((error: unknown) => this.#host.onError(this.#path, error));
		});
	}

	/** Renews what this node holds, and tells its own sockets of those who are there no more. */
	async #look(): Promise<void> {
		const { platform } = this.#host;
		await platform.stores.presence.touch([...this.#seats.keys()], platform.stores.node, TTL_MS);
		for (const [topic, known] of [...this.#known]) {
			// Who comes while the store is asked is not in its answer.
			const told = [...known];
			const there = new Set((await platform.stores.presence.list(topic)).map(({ key }) => key));
			for (const key of told) {
				if (there.has(key)) continue;
				known.delete(key);
				platform.publish(presenceTopic(topic), 'leave', { key }, { origin: 'remote', seq: false });
			}
		}
	}

	/** Whether a client of this node follows who is in a room. */
	#isFollowed(topic: string): boolean {
		return this.#host.platform.subscribers(presenceTopic(topic)) > 0;
	}

	/** Clients of this node hear that somebody is in a room. */
	#tell(topic: string, key: string): void {
		if (this.#isDisposed) return;
		const known = this.#known.get(topic);
		if (known) known.add(key);
		else this.#known.set(topic, new Set([key]));
		this.#renew();
	}
}
