import type { Clock } from '../../contract/clock.ts';
import type { Position } from '../../contract/envelope.ts';
import type { ReplayLimits } from '../../contract/options.ts';
import type { ReplayStore, Stored } from '../../contract/store/replay.ts';
import { fromText, toText } from '../json.ts';

interface Event {
	readonly event: string;
	readonly text: string;
	readonly at: number;
}

interface History {
	readonly epoch: string;
	seq: number;
	readonly events: Event[];
	length: number;
}

/** Topics looked at for old events with each event that is added. */
const SWEPT = 2;

/** Histories of one process. It has no timers: what is too old is not given, and goes as others come. */
export class MemoryReplayStore implements ReplayStore {
	/** In the order of their last use. */
	readonly #topics = new Map<string, History>();
	readonly #limits: Required<ReplayLimits>;
	readonly #clock: Clock;
	readonly #base: string;
	/** Moves on with each topic that is forgotten, so that what is numbered anew is never taken for what was. */
	#generation = 0;
	#length = 0;
	#sweep: Iterator<History>;

	constructor(
		clock: Clock,
		randomId: () => string,
		{ size = 1_000, ttlMs = 0, maxTopics = 10_000, maxLength = 67_108_864 }: ReplayLimits = {}
	) {
		this.#clock = clock;
		this.#sweep = this.#topics.values();
		this.#base = randomId().slice(0, 12);
		this.#limits = { size, ttlMs, maxTopics, maxLength };
	}

	async append(topic: string, event: string, data: unknown): Promise<Stored> {
		const text = toText(data);
		const history = this.#use(topic) ?? { epoch: this.#epoch, seq: 0, events: [], length: 0 };
		this.#topics.set(topic, history);
		history.seq++;
		history.events.push({ event, text, at: this.#clock.now() });
		history.length += text.length;
		this.#length += text.length;
		if (history.events.length > this.#limits.size) this.#shift(history);
		this.#shrink(topic, history);
		this.#expireSome();
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
		this.#expire(history);
		return history;
	}

	#shrink(topic: string, history: History): void {
		for (const [oldest] of this.#topics) {
			if (oldest === topic || (this.#topics.size <= this.#limits.maxTopics && this.#length <= this.#limits.maxLength)) break;
			this.#drop(oldest);
		}
		while (this.#length > this.#limits.maxLength && history.events.length > 1) this.#shift(history);
	}

	/** Goes round all topics, a few with each event. */
	#expireSome(): void {
		for (let n = 0; n < SWEPT; n++) {
			const { done, value } = this.#sweep.next();
			if (!done) this.#expire(value);
			else this.#sweep = this.#topics.values();
		}
	}

	#expire(history: History): void {
		const { ttlMs } = this.#limits;
		if (ttlMs === 0) return;
		const oldest = this.#clock.now() - ttlMs;
		while (history.events.length > 0 && history.events[0]!.at <= oldest) this.#shift(history);
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
