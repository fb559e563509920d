import type { Clock } from '../../contract/clock.ts';
import type { Connection } from '../../contract/connection.ts';
import type { Position } from '../../contract/envelope.ts';
import type { Platform } from '../../contract/platform.ts';
import { fromText, toText } from '../json.ts';
import { checkCap, checkNumber } from '../plugin/check.ts';
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

export interface ReplayOptions {
	/** Events kept of each topic. Default 1,000. */
	readonly size?: number;
	/** Milliseconds for which an event is kept; 0 = as long as there is room. Default 0. */
	readonly ttl?: number;
	/** Topics kept; at one too many the one that was used longest ago is forgotten. Default 100. */
	readonly maxTopics?: number;
	/** Hears what goes wrong where no hook waits for it. Default: logged. */
	readonly onError?: (error: unknown) => void;
	/** Default the time of the machine. */
	readonly clock?: Clock;
}

/** What a replay buffer takes from its process. */
export type ReplayParts = Required<Pick<ReplayOptions, 'clock' | 'onError'>>;

interface Kept {
	readonly seq: number;
	readonly event: string;
	readonly text: string;
	readonly at: number;
}

interface History {
	readonly epoch: string;
	/** Number of the newest event. */
	seq: number;
	/** Number of the newest event that is gone. */
	lost: number;
	readonly events: Kept[];
}

/** Names of forgotten topics that are remembered, for each topic that may be kept. */
const FORGOTTEN_PER_TOPIC = 10;

/**
 * The newest events of topics, in this process. Its numbers are those of the published envelopes, so whatever a client has seen of a
 * topic says where it stands here.
 */
export class ReplayBuffer {
	readonly #size: number;
	readonly #ttl: number;
	readonly #maxTopics: number;
	readonly #clock: Clock;
	/** In the order of their last use. */
	readonly #topics = new Map<string, History>();
	/** Topics that had events once, in the order in which they were forgotten. */
	readonly #forgotten = new Set<string>();
	/** Even of which topics events were forgotten is not known any more. */
	#isBlank = false;

	constructor({ size = 1_000, ttl = 0, maxTopics = 100, clock, onError }: ReplayOptions & ReplayParts) {
		this.#clock = clock;
		this.#ttl = checkNumber('createReplay: ttl', ttl, { min: 0 });
		this.#size = checkCap('createReplay: size', size);
		this.#maxTopics = checkCap('createReplay: maxTopics', maxTopics);
		this.hooks = replayHooks(
			(topic, since) => this.#missed(topic, since),
			(topic) => this.#topics.has(topic) || this.#forgotten.has(topic),
			onError
		);
	}

	readonly hooks: ReplayHooks;

	/** Publishes an event and keeps a copy of it. Gives and throws what `platform.publish` does; what it throws for is not kept. */
	publish(platform: Platform, topic: string, event: string, data?: unknown): boolean {
		const text = toText(data);
		return platform.publish(topic, event, data, { stamped: (position) => this.#keep(topic, event, text, position) });
	}

	/** Number of the newest event of a topic; 0 when nothing is known of it. */
	seq(topic: string): number {
		return this.#use(topic)?.seq ?? 0;
	}

	/** What is kept of a topic after a number; nothing when that is no number of an event. */
	since(topic: string, seq: number): BufferedMessage[] {
		return isNumber(seq) ? [...this.#missed(topic, { epoch: '', seq }).events] : [];
	}

	/** Sends a client what it missed of a topic, if it may have it. Rejects with what the `subscribe` hook's platform rejects with. */
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

	/** Forgets everything. Who asks for what was before is told that it is lost. */
	clear(): void {
		for (const topic of [...this.#topics.keys()]) this.clearTopic(topic);
	}

	/** Forgets one topic. */
	clearTopic(topic: string): void {
		if (!this.#topics.delete(topic)) return;
		this.#forgotten.add(topic);
		if (this.#forgotten.size <= this.#maxTopics * FORGOTTEN_PER_TOPIC) return;
		const [oldest] = this.#forgotten;
		this.#forgotten.delete(oldest!);
		this.#isBlank = true;
	}

	#missed(topic: string, { epoch, seq }: Position): Missed {
		const history = this.#use(topic);
		if (!history) return { epoch: '', events: [], truncated: seq > 0 || this.#isBlank || this.#forgotten.has(topic) };
		if (epoch !== '' && epoch !== history.epoch) return { epoch: history.epoch, events: [], truncated: true };
		const events = history.events.filter((kept) => kept.seq > seq);
		return {
			epoch: history.epoch,
			events: events.map((kept) => ({ seq: kept.seq, topic, event: kept.event, data: fromText(kept.text) })),
			truncated: seq > history.seq || seq < history.lost
		};
	}

	#keep(topic: string, event: string, text: string, { epoch, seq }: Position): void {
		const known = this.#use(topic);
		// Numbers of another epoch have nothing to do with these. What came before the first number is not here.
		const history = known?.epoch === epoch ? known : { epoch, seq, lost: seq - 1, events: [] };
		history.seq = seq;
		history.events.push({ seq, event, text, at: this.#clock.now() });
		if (history.events.length > this.#size) history.lost = history.events.shift()!.seq;
		this.#topics.set(topic, history);
		this.#forgotten.delete(topic);
		if (this.#topics.size > this.#maxTopics) this.clearTopic(this.#topics.keys().next().value!);
	}

	#use(topic: string): History | undefined {
		const history = this.#topics.get(topic);
		if (!history) return undefined;
		this.#topics.delete(topic);
		this.#topics.set(topic, history);
		if (this.#ttl > 0) this.#expire(history);
		return history;
	}

	#expire(history: History): void {
		const oldest = this.#clock.now() - this.#ttl;
		while (history.events.length > 0 && history.events[0]!.at <= oldest) history.lost = history.events.shift()!.seq;
	}
}
