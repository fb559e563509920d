import type { Client, Envelope } from 'svelte-adapter-uws/contract';
import { paint } from './paint.ts';

/** Events kept while a load is running. Past it the loads that run are answered with a gap, and have to be made again. */
export const MAX_BUFFERED_EVENTS = 10_000;

/** What follows a topic. */
export interface Follower {
	/** One event of the topic; shown only at `flush`. */
	receive(event: Envelope): void;
	/** Shows what has come since the last time. */
	flush(): void;
	/** Events of the topic are lost, and the server says so. */
	lost(): void;
}

/** Runs something when the page is painted next; in any case within a second. */
export type Paint = (run: () => void) => void;

/** A page that may follow topics. */
export interface Following {
	readonly client: Pick<Client, 'release' | 'sync'>;
	/** Made by the first stream. */
	topics?: Topics;
	/** When events are shown. Default with the frames that the browser paints. */
	readonly paint?: Paint | undefined;
}

/** The topics of a page: made here, so that a page without streams has no code for them. */
export const topicsOf = (page: Following): Topics => (page.topics ??= new Topics(page.client, page.paint ?? paint));

/** Where the server says what became of the history of a topic. */
const HISTORY = '__replay:';

/** A subscribe request that is on its way. */
export interface Load {
	/** Number of the first event that came after it was sent. */
	from: number;
}

/**
 * Which streams of the page follow which topic, and the events that arrive before it is known who follows them.
 *
 * The server subscribes before it loads, so events can come ahead of the answer that names their topic: while any load runs,
 * every event is kept. A topic that nobody follows any more is left only when no load is running, because one of them may
 * turn out to be about that topic, and leaving ends every subscription that this connection has on it.
 */
export class Topics {
	readonly #client: Pick<Client, 'release' | 'sync'>;
	readonly #followers = new Map<string, Set<Follower>>();
	readonly #leaving = new Set<string>();
	/** Topics that were left, and loads without an answer, since when nobody knows that nothing of them is on its way any more. */
	#departures = 0;
	readonly #loads = new Set<Load>();
	/** Followers with events to be shown, when the page is painted next. */
	readonly #touched = new Set<Follower>();
	/** Followers with an answer to be shown now. */
	readonly #answered = new Set<Follower>();
	readonly #paint: Paint;
	#painting = false;
	#buffer: Envelope[] = [];
	/** Number of the first event in the buffer. */
	#first = 0;

	constructor(client: Pick<Client, 'release' | 'sync'>, show: Paint) {
		this.#client = client;
		this.#paint = show;
	}

	begin(): Load {
		const load = { from: this.#end };
		this.#loads.add(load);
		const departures = this.#departures;
		// What is left of before would pass for news that came after the value was loaded.
		if (departures > 0)
			this.#client.sync(() => {
				load.from = this.#end;
				if (this.#departures === departures) this.#departures = 0;
			});
		return load;
	}

	/** Gives the events of `topic` since the load began, in order; `undefined` when there were too many to keep. */
	since(load: Load, topic: string): Envelope[] | undefined {
		if (load.from < this.#first) return undefined;
		return this.#buffer.slice(load.from - this.#first).filter((event) => event.topic === topic);
	}

	/** The load was answered, or else failed or is no longer wanted, and the server may leave what it joined for it. */
	end(load: Load, isAnswered: boolean): void {
		this.#loads.delete(load);
		if (!isAnswered) this.#departures++;
		if (this.#loads.size > 0) return;
		this.#forget();
		for (const topic of this.#leaving) if (!this.#followers.has(topic)) this.#release(topic);
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
		else this.#release(topic);
	}

	receive(event: Envelope): void {
		if (event.topic.startsWith(HISTORY)) return this.#history(event);
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

	/** Has a follower flushed when the wire frame is over. */
	touch(follower: Follower): void {
		this.#answered.add(follower);
	}

	/** The wire frame is over: answers are shown now, events with the next frame that the page paints. */
	flush(): void {
		for (const follower of this.#answered) this.#show(follower);
		if (this.#touched.size === 0 || this.#painting) return;
		this.#painting = true;
		this.#paint(() => {
			this.#painting = false;
			for (const follower of this.#touched) this.#show(follower);
		});
	}

	/** The connection is gone, and every subscription with it. */
	down(): void {
		this.#followers.clear();
		this.#leaving.clear();
		this.#departures = 0;
		this.#loads.clear();
		this.#forget();
	}

	#release(topic: string): void {
		this.#departures++;
		this.#client.release(topic);
	}

	#show(follower: Follower): void {
		this.#answered.delete(follower);
		this.#touched.delete(follower);
		follower.flush();
	}

	#history({ topic, event, data }: Envelope): void {
		const isLost = event === 'truncated' || (event === 'end' && (data as { truncated?: unknown } | null)?.truncated === true);
		if (isLost) for (const follower of [...(this.#followers.get(topic.slice(HISTORY.length)) ?? [])]) follower.lost();
	}

	/** Number of the event that comes next. */
	get #end(): number {
		return this.#first + this.#buffer.length;
	}

	#forget(): void {
		this.#first = this.#end;
		this.#buffer = [];
	}
}
