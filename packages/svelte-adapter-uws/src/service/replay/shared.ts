import type { Connection } from '../../contract/connection.ts';
import type { Position } from '../../contract/envelope.ts';
import type { Platform } from '../../contract/platform.ts';
import type { ReplayStore } from '../../contract/store/replay.ts';
import { atOnce } from '../plugin/maybe.ts';
import {
	isNumber,
	replayHooks,
	serveReplay,
	type BufferedMessage,
	type Missed,
	type ReplayHooks,
	type ReplayMode,
	type Since
} from './serve.ts';

export interface SharedReplayOptions {
	/** `platform.stores.replay`, which also says how much is kept. */
	readonly store: ReplayStore;
	/** Which topics are kept, the same on every node. Default those that this node has published through it, 10,000 at most. */
	readonly topics?: (topic: string) => boolean;
	/** Hears what goes wrong where no hook waits for it. Default: logged. */
	readonly onError?: (error: unknown) => void;
}

const MAX_TOPICS = 10_000;

/** The newest events of topics, which all nodes know and number together. */
export class SharedReplay {
	readonly #store: ReplayStore;
	readonly #topics = new Set<string>();
	readonly #isKept: (topic: string) => boolean;
	#keeping: Disposable | undefined;

	constructor({ store, topics, onError }: SharedReplayOptions & { readonly onError: (error: unknown) => void }) {
		this.#store = store;
		this.#isKept = topics ? (topic) => atOnce('createReplay: topics', topics(topic)) : (topic) => this.#topics.has(topic);
		this.hooks = replayHooks((topic, since) => this.#missed(topic, since), this.#isKept, onError);
	}

	readonly hooks: ReplayHooks;

	/** Publishes an event, which leaves once the store has it. Throws for what cannot travel. */
	publish(platform: Platform, topic: string, event: string, data?: unknown): boolean {
		this.#keeping ??= platform.keep(this.#isKept);
		this.#topics.delete(topic);
		this.#topics.add(topic);
		if (this.#topics.size > MAX_TOPICS) this.#topics.delete(this.#topics.values().next().value!);
		return platform.publish(topic, event, data);
	}

	/** Number of the newest event of a topic; 0 before the first. */
	async seq(topic: string): Promise<number> {
		return (await this.#store.current(topic)).seq;
	}

	/** What is kept of a topic after a number; nothing when that is no number of an event. */
	async since(topic: string, seq: number): Promise<BufferedMessage[]> {
		return isNumber(seq) ? [...(await this.#missed(topic, { epoch: '', seq })).events] : [];
	}

	/** Sends a client what it missed of a topic, if it may have it. Rejects when the store does. */
	replay(
		ws: Connection,
		topic: string,
		since: Since,
		platform: Platform,
		reqId?: number | string,
		mode: ReplayMode = {}
	): Promise<void> {
		return serveReplay({ ...mode, ws, topic, since, platform, reqId, find: (position) => this.#missed(topic, position) });
	}

	/** Forgets one topic, on all nodes. */
	async clearTopic(topic: string): Promise<void> {
		this.#topics.delete(topic);
		await this.#store.forget(topic);
	}

	/** Forgets every topic that this node has published on. */
	async clear(): Promise<void> {
		this.#keeping?.[Symbol.dispose]();
		this.#keeping = undefined;
		await Promise.all([...this.#topics].map((topic) => this.clearTopic(topic)));
	}

	async #missed(topic: string, { epoch, seq }: Position): Promise<Missed> {
		const current = await this.#store.current(topic);
		const from = { epoch: epoch === '' ? current.epoch : epoch, seq };
		const found = await this.#store.since(topic, from);
		if (!found) return { epoch: current.epoch, events: [], truncated: true };
		return {
			epoch: from.epoch,
			events: found.map(({ event, data, position }) => ({ seq: position.seq, topic, event, data })),
			truncated: false
		};
	}
}
