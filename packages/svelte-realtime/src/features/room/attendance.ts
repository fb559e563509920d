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
	/** Who was where at the last renewal, to tell of those who went with their node. */
	readonly #known = new Map<string, ReadonlySet<string>>();
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

	/** Everybody in a room, each once, in the order of coming. */
	async list(topic: string): Promise<Present[]> {
		const present = new Map<string, Present>();
		for (const { key, data } of await this.#host.platform.stores.presence.list(topic)) present.set(key, { key, data });
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
		if (seats?.size === 0) {
			this.#seats.delete(topic);
			this.#known.delete(topic);
		}
		if (this.#seats.size === 0) this.#rest();
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
			if (this.#seats.size === 0) return;
			this.#renew();
			this.#look().catch((error: unknown) => this.#host.onError(this.#path, error));
		});
	}

	/** Renews what this node holds, and tells its own sockets of those who are there no more. */
	async #look(): Promise<void> {
		const { platform } = this.#host;
		const topics = [...this.#seats.keys()];
		await platform.stores.presence.touch(topics, platform.stores.node, TTL_MS);
		for (const topic of topics) {
			const there = new Set((await platform.stores.presence.list(topic)).map(({ key }) => key));
			const before = this.#known.get(topic);
			if (!this.#seats.has(topic)) continue;
			this.#known.set(topic, there);
			for (const key of before ?? [])
				if (!there.has(key)) platform.publish(presenceTopic(topic), 'leave', { key }, { relay: false, seq: false });
		}
	}

	#rest(): void {
		this.#renewal?.[Symbol.dispose]();
		this.#renewal = undefined;
	}
}
