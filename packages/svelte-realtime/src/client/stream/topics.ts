import type { Client, Envelope } from 'svelte-adapter-uws/contract';

/** Events kept while a load is running. Past it the loads that run are answered with a gap, and have to be made again. */
export const MAX_BUFFERED_EVENTS = 10_000;

/** What follows a topic. */
export interface Follower {
	/** One event of the topic; shown only at `flush`. */
	receive(event: Envelope): void;
	/** The wire frame is over: shows what it changed. */
	flush(): void;
}

/** A subscribe request that is on its way. */
export interface Load {
	/** Number of the first event that came after it was sent. */
	readonly from: number;
}

/**
 * Which streams of the page follow which topic, and the events that arrive before it is known who follows them.
 *
 * The server subscribes before it loads, so events can come ahead of the answer that names their topic: while any load runs,
 * every event is kept. A topic that nobody follows any more is left only when no load is running, because one of them may
 * turn out to be about that topic, and leaving ends every subscription that this connection has on it.
 */
export class Topics {
	readonly #client: Pick<Client, 'release'>;
	readonly #followers = new Map<string, Set<Follower>>();
	readonly #leaving = new Set<string>();
	readonly #loads = new Set<Load>();
	readonly #touched = new Set<Follower>();
	#buffer: Envelope[] = [];
	/** Number of the first event in the buffer. */
	#first = 0;

	constructor(client: Pick<Client, 'release'>) {
		this.#client = client;
	}

	begin(): Load {
		const load = { from: this.#first + this.#buffer.length };
		this.#loads.add(load);
		return load;
	}

	/** Gives the events of `topic` since the load began, in order; `undefined` when there were too many to keep. */
	since(load: Load, topic: string): Envelope[] | undefined {
		if (load.from < this.#first) return undefined;
		return this.#buffer.slice(load.from - this.#first).filter((event) => event.topic === topic);
	}

	/** The load was answered, failed, or is no longer wanted. */
	end(load: Load): void {
		this.#loads.delete(load);
		if (this.#loads.size > 0) return;
		this.#forget();
		for (const topic of this.#leaving) if (!this.#followers.has(topic)) this.#client.release(topic);
		this.#leaving.clear();
	}

	follow(topic: string, follower: Follower): void {
		const followers = this.#followers.get(topic);
		if (followers) followers.add(follower);
		else this.#followers.set(topic, new Set([follower]));
	}

	unfollow(topic: string, follower: Follower): void {
		const followers = this.#followers.get(topic);
		if (!followers?.delete(follower) || followers.size > 0) return;
		this.#followers.delete(topic);
		this.leave(topic);
	}

	/** Leaves a topic that the server joined for this page, unless a stream follows it. */
	leave(topic: string): void {
		if (this.#followers.has(topic)) return;
		if (this.#loads.size > 0) this.#leaving.add(topic);
		else this.#client.release(topic);
	}

	receive(event: Envelope): void {
		if (this.#loads.size > 0) {
			if (this.#buffer.length >= MAX_BUFFERED_EVENTS) this.#forget();
			this.#buffer.push(event);
		}
		const followers = this.#followers.get(event.topic);
		if (!followers) return;
		for (const follower of followers) {
			follower.receive(event);
			this.#touched.add(follower);
		}
	}

	/** Has a follower flushed with the others when the wire frame is over. */
	touch(follower: Follower): void {
		this.#touched.add(follower);
	}

	flush(): void {
		for (const follower of this.#touched) {
			this.#touched.delete(follower);
			follower.flush();
		}
	}

	/** The connection is gone, and every subscription with it. */
	down(): void {
		this.#followers.clear();
		this.#leaving.clear();
		this.#loads.clear();
		this.#forget();
	}

	#forget(): void {
		this.#first += this.#buffer.length;
		this.#buffer = [];
	}
}
