import type { Clock, Connection } from 'svelte-adapter-uws/contract';

/** Milliseconds that a stream waits for the bus to follow its topic, before it is loaded without. */
const PATIENCE_MS = 5_000;
/** Milliseconds before the second attempt, doubled for each one after, and at most. */
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/** A bus that brings what is published on a topic to those instances alone that follow it. */
export interface TopicBus {
	follow(topic: string): unknown;
	unfollow?(topic: string): unknown;
}

export interface FollowsParts {
	/** Read for each topic that is followed anew; `undefined` = every topic is brought, or nothing is. */
	readonly bus: () => TopicBus | undefined;
	readonly after: Clock['after'];
	/** Hears, once until it works again, that the bus fails. */
	readonly failed: (error: unknown) => void;
}

/** One topic that this node has asked the bus for. */
interface Followed {
	readonly topic: string;
	readonly bus: TopicBus;
	/** Streams and watchers that want it. */
	count: number;
	hasBegun: boolean;
	/** Resolves after the first attempt, however it ends, or when that takes too long; absent from then on. */
	trying: Promise<void> | undefined;
	retry: Disposable | undefined;
}

/** The topics that a bus of the app's has to bring to this node, from the first who wants one to the last. */
export class Follows implements Disposable {
	readonly #parts: FollowsParts;
	readonly #topics = new Map<string, Followed>();
	#isFailing = false;

	constructor(parts: FollowsParts) {
		this.#parts = parts;
	}

	/** Somebody on this node wants what is published on a topic. */
	enter(topic: string): void {
		const known = this.#topics.get(topic);
		if (known) return void known.count++;
		const bus = this.#parts.bus();
		if (!bus) return;
		const followed: Followed = { topic, bus, count: 1, hasBegun: false, trying: undefined, retry: undefined };
		this.#topics.set(topic, followed);
		const { promise, resolve } = Promise.withResolvers<void>();
		const patience = this.#parts.after(PATIENCE_MS, resolve);
		followed.trying = promise.then(() => {
			patience[Symbol.dispose]();
			followed.trying = undefined;
		});
		void this.#begin(followed, PAUSE_MS).then(resolve);
	}

	/** The same until a connection closes. */
	enterFor(ws: Pick<Connection, 'onClose'>, topic: string): void {
		if (!this.#parts.bus()) return;
		this.enter(topic);
		if (!ws.onClose(() => this.leave(topic))) this.leave(topic);
	}

	/** One of them wants it no more. */
	leave(topic: string): void {
		const followed = this.#topics.get(topic);
		if (!followed || --followed.count > 0) return;
		this.#topics.delete(topic);
		followed.retry?.[Symbol.dispose]();
		if (followed.hasBegun) void this.#end(followed);
	}

	/** A promise while it is not known yet whether the bus follows a topic that somebody wants. It never rejects. */
	beginning(topic: string): Promise<void> | undefined {
		return this.#topics.get(topic)?.trying;
	}

	[Symbol.dispose](): void {
		for (const followed of this.#topics.values()) {
			followed.count = 1;
			this.leave(followed.topic);
		}
	}

	/** Never rejects. */
	async #begin(followed: Followed, pause: number): Promise<void> {
		try {
			await followed.bus.follow(followed.topic);
			this.#isFailing = false;
			followed.hasBegun = true;
			// Everybody has left while it was asked.
			if (followed.count === 0) await this.#end(followed);
		} catch (error) {
			this.#tell(error);
			if (followed.count > 0)
				followed.retry = this.#parts.after(pause, () => void this.#begin(followed, Math.min(pause * 2, MAX_PAUSE_MS)));
		}
	}

	/** Never rejects. */
	async #end({ bus, topic }: Followed): Promise<void> {
		try {
			await bus.unfollow?.(topic);
		} catch (error) {
			this.#tell(error);
		}
	}

	#tell(error: unknown): void {
		if (this.#isFailing) return;
		this.#isFailing = true;
		this.#parts.failed(error);
	}
}
