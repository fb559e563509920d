import type { Position } from '../../contract/envelope.ts';
import type { ReplayStore, Stored } from '../../contract/store/replay.ts';
import { fromText, toText } from '../json.ts';

export interface ReplayLimits {
	/** Events kept of one topic. Default 1,000. */
	readonly size?: number;
	/** Topics kept; at one too many the one that was used longest ago is forgotten. Default 10,000. */
	readonly maxTopics?: number;
	/** UTF-16 units of data kept in all; over it whole topics are forgotten, and the oldest events of the last one. Default 67,108,864. */
	readonly maxLength?: number;
}

interface Event {
	readonly event: string;
	readonly text: string;
}

interface History {
	readonly epoch: string;
	seq: number;
	readonly events: Event[];
	length: number;
}

/** Histories of one process. */
export class MemoryReplayStore implements ReplayStore {
	/** In the order of their last use. */
	readonly #topics = new Map<string, History>();
	readonly #limits: Required<ReplayLimits>;
	readonly #base: string;
	/** Moves on with each topic that is forgotten, so that what is numbered anew is never taken for what was. */
	#generation = 0;
	#length = 0;

	constructor(randomId: () => string, { size = 1_000, maxTopics = 10_000, maxLength = 67_108_864 }: ReplayLimits = {}) {
		this.#base = randomId().slice(0, 12);
		this.#limits = { size, maxTopics, maxLength };
	}

	async append(topic: string, event: string, data: unknown): Promise<Stored> {
		const text = toText(data);
		const history = this.#use(topic) ?? { epoch: this.#epoch, seq: 0, events: [], length: 0 };
		this.#topics.set(topic, history);
		history.seq++;
		history.events.push({ event, text });
		history.length += text.length;
		this.#length += text.length;
		if (history.events.length > this.#limits.size) this.#shift(history);
		this.#shrink(topic, history);
		return { topic, event, data: fromText(text), position: { epoch: history.epoch, seq: history.seq } };
	}

	async since(topic: string, { epoch, seq }: Position): Promise<readonly Stored[] | undefined> {
		const history = this.#use(topic);
		if (!history) return epoch === this.#epoch && seq === 0 ? [] : undefined;
		const first = history.seq - history.events.length + 1;
		if (epoch !== history.epoch || seq > history.seq || seq < first - 1) return undefined;
		return history.events.slice(seq - first + 1).map(({ event, text }, index) => ({
			topic,
			event,
			data: fromText(text),
			position: { epoch, seq: seq + 1 + index }
		}));
	}

	async current(topic: string): Promise<Position> {
		const history = this.#use(topic);
		return history ? { epoch: history.epoch, seq: history.seq } : { epoch: this.#epoch, seq: 0 };
	}

	async forget(topic: string): Promise<void> {
		this.#drop(topic);
	}

	get #epoch(): string {
		return `${this.#base}.${this.#generation}`;
	}

	#use(topic: string): History | undefined {
		const history = this.#topics.get(topic);
		if (!history) return undefined;
		this.#topics.delete(topic);
		this.#topics.set(topic, history);
		return history;
	}

	#shrink(topic: string, history: History): void {
		for (const [oldest] of this.#topics) {
			if (oldest === topic || (this.#topics.size <= this.#limits.maxTopics && this.#length <= this.#limits.maxLength)) break;
			this.#drop(oldest);
		}
		while (this.#length > this.#limits.maxLength && history.events.length > 1) this.#shift(history);
	}

	#shift(history: History): void {
		const { length } = history.events.shift()!.text;
		history.length -= length;
		this.#length -= length;
	}

	#drop(topic: string): void {
		const history = this.#topics.get(topic);
		if (!history) return;
		this.#topics.delete(topic);
		this.#length -= history.length;
		this.#generation++;
	}
}
