import type { Clock, Connection } from 'svelte-adapter-uws/contract';
import { LiveError } from '../shared/error.ts';
import type { Limits } from '../shared/limits.ts';
import type { Violated } from './invariants.ts';
import { topicOfView } from '../shared/topics.ts';

/** Milliseconds in which wire subscribes may wait for a stream, from the first of a connection. */
export const GRACE_MS = 5_000;

/** Called when a connection no longer follows a stream, with the number of other connections on its topic. */
export type Ended = (remaining: number) => void;

/** One stream that a connection follows. Several subscribe requests may stand behind it. */
interface Holding {
	readonly ended: Ended;
	/** Requests that are still loading. */
	loads: number;
	granted: boolean;
	over: boolean;
}

/** One subscribe request that has joined its topic. End it with exactly one of the two. */
export interface Join {
	/** Whether the connection did not follow this stream before. */
	readonly isFirst: boolean;
	/** The request is answered well. False: the connection has left the topic meanwhile. */
	grant(): boolean;
	/** The request has failed: the topic is left, unless another request for it stands. */
	undo(): void;
}

/** A request that its client may cancel by its id. Several may have one id. */
export interface Cancellable {
	readonly id: string;
	cancel(): void;
}

/** What scopes of one runtime share. */
export interface ScopeParts {
	readonly clock: Pick<Clock, 'after'>;
	/** Read at each use. */
	readonly limits: () => Pick<Limits, 'maxTopicsPerConnection' | 'maxWaitingTopics'>;
	/** A connection has begun, or ended, to follow a topic; `others`: connections that follow it as well. */
	readonly follows?: (topic: string, by: 1 | -1, others: number) => void;
	readonly violated: Violated;
	/** Connections that follow a topic through streams, by topic. */
	readonly holders: Map<string, number>;
	/** Scopes that have something to end. */
	readonly busy: Set<Scope>;
}

/** What lives as long as one connection: the streams that it follows, and the calls that it waits for. */
export class Scope {
	/** Calls whose answer is not there yet. */
	calls = 0;
	/** Those that the client may cancel. */
	readonly requests: Set<Cancellable> = new Set();
	readonly #ws: Connection;
	readonly #parts: ScopeParts;
	readonly #topics = new Map<string, Map<string, Holding>>();
	/** Views of topics that are held, by the topic; the topic's own name stands in `#topics` alone. */
	#views: Map<string, Set<string>> | undefined;
	readonly #waiting = new Map<string, PromiseWithResolvers<boolean>>();
	/** Runs from the first wire subscribe that has to wait; when it is over, none waits any more. */
	#grace: Disposable | undefined;
	#isGraceOver = false;
	#isWatched = false;
	readonly #closed = (): void => this.end(false);

	constructor(ws: Connection, parts: ScopeParts) {
		this.#ws = ws;
		this.#parts = parts;
	}

	/** Joins a topic for the stream at `path`. Throws when the connection is closed or follows too much. */
	join(topic: string, path: string, ended: Ended): Join {
		// Without the unsubscribe hook nobody has said that the topic was left.
		if (this.#topics.has(topic) && !this.#ws.isSubscribed(topic)) this.left(topic);
		let streams = this.#topics.get(topic);
		const { maxTopicsPerConnection } = this.#parts.limits();
		if (!streams && this.#topics.size >= maxTopicsPerConnection)
			throw new LiveError('RATE_LIMITED', `A connection follows at most ${maxTopicsPerConnection} topics. Leave some.`);
		if (!this.#ws.subscribe(topic)) throw new LiveError('CONNECTION_CLOSED');
		if (!streams) {
			this.#watch();
			this.#topics.set(topic, (streams = new Map()));
			this.#count(topic, 1);
		}
		const known = streams.get(path);
		const holding: Holding = known ?? { ended, loads: 0, granted: false, over: false };
		holding.loads++;
		if (!known) streams.set(path, holding);
		this.#waiting.get(topic)?.resolve(true);
		this.#waiting.delete(topic);
		return {
			isFirst: !known,
			grant: () => {
				holding.loads--;
				holding.granted = true;
				return !holding.over;
			},
			undo: () => {
				holding.loads--;
				if (!holding.over && !holding.granted && holding.loads === 0) this.#undo(topic, path, holding);
			}
		};
	}

	/** The connection has left a topic: every stream on it is over. */
	left(topic: string): void {
		const streams = this.#topics.get(topic);
		if (!streams) return;
		this.#forget(topic);
		const remaining = this.#others(topic);
		for (const holding of streams.values()) {
			holding.over = true;
			holding.ended(remaining);
		}
	}

	holds(topic: string): boolean {
		return this.#topics.has(topic);
	}

	/** True once the connection follows a topic through a stream; false when it does not within the time for that. */
	follows(topic: string): boolean | Promise<boolean> {
		if (this.holds(topic)) return true;
		const known = this.#waiting.get(topic);
		if (known) return known.promise;
		const { maxWaitingTopics } = this.#parts.limits();
		if (this.#isGraceOver || this.#waiting.size >= maxWaitingTopics || !this.#watch()) return false;
		this.#grace ??= this.#parts.clock.after(GRACE_MS, () => this.#endGrace());
		const waiting = Promise.withResolvers<boolean>();
		this.#waiting.set(topic, waiting);
		return waiting.promise;
	}

	/** Ends everything; `leaves`: the connection lives on. */
	end(leaves: boolean): void {
		this.#parts.busy.delete(this);
		this.#endGrace();
		for (const topic of [...this.#topics.keys()]) {
			if (leaves) this.#ws.unsubscribe(topic);
			this.left(topic);
		}
	}

	#undo(topic: string, path: string, holding: Holding): void {
		const streams = this.#topics.get(topic);
		streams?.delete(path);
		holding.over = true;
		if (streams?.size === 0) {
			this.#forget(topic);
			this.#ws.unsubscribe(topic);
		}
		holding.ended(this.#others(topic));
	}

	#forget(topic: string): void {
		this.#topics.delete(topic);
		this.#count(topic, -1);
	}

	/** Counts this connection once for a topic, in however many views it sees it. */
	#count(topic: string, by: 1 | -1): void {
		const { holders } = this.#parts;
		const shown = topicOfView(topic);
		if (shown !== topic) this.#track(shown, topic, by);
		if (this.#held(shown) !== (by > 0 ? 1 : 0)) return;
		const count = (holders.get(shown) ?? 0) + by;
		if (count < 0) this.#parts.violated('realtime/holders', { topic: shown, count });
		if (count > 0) holders.set(shown, count);
		else holders.delete(shown);
		this.#parts.follows?.(shown, by, by > 0 ? count - 1 : count);
	}

	#track(shown: string, view: string, by: 1 | -1): void {
		const views = (this.#views ??= new Map<string, Set<string>>());
		const held = views.get(shown) ?? new Set();
		if (by > 0) held.add(view);
		else held.delete(view);
		if (held.size > 0) views.set(shown, held);
		else views.delete(shown);
	}

	/** In how many views this connection sees a topic. */
	#held(shown: string): number {
		return (this.#topics.has(shown) ? 1 : 0) + (this.#views?.get(shown)?.size ?? 0);
	}

	/** How many other connections follow a topic. */
	#others(topic: string): number {
		const shown = topicOfView(topic);
		return (this.#parts.holders.get(shown) ?? 0) - (this.#held(shown) > 0 ? 1 : 0);
	}

	#endGrace(): void {
		this.#isGraceOver = true;
		this.#grace?.[Symbol.dispose]();
		for (const waiting of this.#waiting.values()) waiting.resolve(false);
		this.#waiting.clear();
	}

	/** Ends with the connection, not with the close hook: an app that forgets to export the hook must not leak. False when it has closed. */
	#watch(): boolean {
		if (this.#isWatched) return true;
		this.#isWatched = this.#ws.onClose(this.#closed);
		if (this.#isWatched) this.#parts.busy.add(this);
		return this.#isWatched;
	}
}
