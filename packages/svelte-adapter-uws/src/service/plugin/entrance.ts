import type { Connection } from '../../contract/connection.ts';
import type { Platform } from '../../contract/platform.ts';
import { isReservedTopic, isTopic } from '../../protocol/topic.ts';

/** Topics that one connection may wait for at a time. */
const MAX_ASKING = 64;
/** Topics of a connection, of all kinds, above which no frame of its client lets it into another. */
const MAX_TOPICS = 10_000;

type Run = (topic: string) => void;

/**
 * The way into the reserved topics of one plugin. Clients cannot subscribe to those by themselves, so the plugin joins the socket,
 * once the app has allowed it the plain topic.
 */
export class Entrance {
	readonly #prefix: string;
	readonly #onError: (error: unknown) => void;
	/** What is done once the answer is there; of several frames of one kind that wait for one topic the last counts. */
	readonly #asking = new WeakMap<Connection, Map<string, Map<string, Run>>>();
	readonly #asked = new WeakMap<Connection, Set<string>>();

	/** `onError` hears what is thrown where no hook waits for it any more. */
	constructor(prefix: string, onError: (error: unknown) => void) {
		this.#prefix = prefix;
		this.#onError = onError;
	}

	/** The reserved topic that belongs to a plain one. */
	of(topic: string): string {
		return this.#prefix + topic;
	}

	/** The plain topic that a reserved one of this plugin belongs to. */
	plain(topic: string): string | undefined {
		return topic.startsWith(this.#prefix) ? topic.slice(this.#prefix.length) : undefined;
	}

	/** Whether a plugin can keep something for a topic of this name. */
	takes(topic: unknown): topic is string {
		return isTopic(topic) && !isReservedTopic(topic);
	}

	has(ws: Connection, topic: string): boolean {
		return ws.isSubscribed(this.of(topic));
	}

	/** False when the connection is closed. */
	join(ws: Connection, topic: string): boolean {
		return ws.subscribe(this.of(topic));
	}

	leave(ws: Connection, topic: string): void {
		ws.unsubscribe(this.of(topic));
	}

	/** The client wants to know what is kept for a topic, whether it holds that or not, until it says that it has enough. */
	remember(ws: Connection, topic: string): void {
		const asked = this.#asked.get(ws) ?? new Set<string>();
		// The app need not tell when a client leaves.
		if (asked.size < MAX_TOPICS) this.#asked.set(ws, asked.add(topic));
	}

	/** The opposite. */
	forget(ws: Connection, topic: string): void {
		this.#asked.get(ws)?.delete(topic);
	}

	/** A client has left the plain topic: out, unless it is remembered and the app still allows it the topic. */
	left(ws: Connection, topic: string, platform: Platform, again: Run): void {
		if (!this.takes(topic)) return;
		this.leave(ws, topic);
		if (!this.#asked.get(ws)?.delete(topic)) return;
		this.admit(ws, topic, platform, again);
	}

	/**
	 * Runs `run` if the client may know what is kept for a topic: at once when it is in, else after the app has allowed it the plain topic.
	 * `kind` is that of the frame.
	 */
	admit(ws: Connection, topic: unknown, platform: Platform, run: Run, kind: string = ''): void {
		if (!this.takes(topic)) return;
		if (this.has(ws, topic)) return run(topic);
		const asking = this.#asking.get(ws) ?? new Map<string, Map<string, Run>>();
		const known = asking.get(topic);
		if (!known && (asking.size >= MAX_ASKING || ws.getTopics().length >= MAX_TOPICS)) return;
		const waiting = known ?? new Map<string, Run>();
		this.#asking.set(ws, asking.set(topic, waiting));
		waiting.set(kind, run);
		if (!known) void this.#ask(ws, topic, platform, asking);
	}

	async #ask(ws: Connection, topic: string, platform: Platform, asking: Map<string, Map<string, Run>>): Promise<void> {
		try {
			const denied = await platform.checkSubscribe(ws, topic);
			if (denied === null) for (const run of asking.get(topic)?.values() ?? []) run(topic);
		} catch (error) {
			this.#onError(error);
		} finally {
			asking.delete(topic);
		}
	}
}
