import type { Clock } from '../contract/clock.ts';
import type { Position } from '../contract/envelope.ts';
import type { ReplayStore, Stored } from '../contract/store/replay.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { Limit, Report } from './isolation.ts';
import { LIMITS } from './limits.ts';
import { createLine, isBehind, type Arrival, type Line } from './line.ts';

export interface OrderParts {
	readonly store: Pick<ReplayStore, 'current' | 'since'>;
	/** Whether the store keeps the events of a topic. */
	readonly keeps: (topic: string) => boolean;
	/** Whether somebody on this node hears a topic. */
	readonly isHeard: (topic: string) => boolean;
	/** Shows an event that has reached this node through the store alone. */
	readonly found: (stored: Stored) => void;
	/** Tells that events of a topic are gone before this node could show them. */
	readonly lost: (topic: string) => void;
	readonly clock: Clock;
	readonly limit: Limit;
	readonly report: Report;
	readonly telemetry: Telemetry;
}

/** How many topics are looked through for those that nobody hears any more. */
const SWEEP_AT = 1_000;
/** Topics that the store is asked about at the same time. */
const CHECKS = 100;

/**
 * Shows the events of kept topics in the order of their numbers, each once, whichever nodes they come from and however they overtake
 * one another. What does not come by itself is read from the store.
 */
export class Order implements Disposable {
	readonly #parts: OrderParts;
	readonly #lines = new Map<string, Line>();
	#sweepAt = SWEEP_AT;

	constructor(parts: OrderParts) {
		this.#parts = parts;
	}

	/**
	 * Finds out where a topic stands, before somebody begins to hear it. Gives a promise, which never rejects, only while the store is asked.
	 */
	enter(topic: string): Promise<void> | undefined {
		const known = this.#lines.get(topic);
		if (known?.position || known?.isLoose || !this.#parts.keeps(topic)) return undefined;
		const line = known ?? this.#begin(topic);
		return line.asking ?? this.#ask(line, () => this.#locate(line));
	}

	/** Shows what there is up to a position, or further. Never rejects. */
	async reach(topic: string, position: Position): Promise<void> {
		await this.enter(topic);
		const line = this.#lines.get(topic);
		if (!line) return;
		while (line.asking) await line.asking;
		if (isBehind(line, position)) await this.#ask(line, () => this.#fillUpTo(line, position));
	}

	/** Looks whether the store has more of a topic than this node has shown, for all that are heard. Never rejects. */
	async check(): Promise<void> {
		const lines = [...this.#lines.values()].filter(({ topic }) => this.#parts.isHeard(topic));
		for (let i = 0; i < lines.length; i += CHECKS)
			await Promise.all(lines.slice(i, i + CHECKS).map((line) => this.#ask(line, () => this.#check(line))));
	}

	/** Up to where this node has shown a topic; `undefined` = nobody knows. */
	position(topic: string): Position | undefined {
		return this.#lines.get(topic)?.position;
	}

	/** Shows an event in its turn. What was shown already is not shown again. */
	pass(topic: string, arrival: Arrival): void {
		const line = this.#lines.get(topic) ?? (this.#parts.isHeard(topic) ? this.#begin(topic) : undefined);
		if (!line || line.isLoose) return arrival.show();
		if (line.position && !line.asking) return this.#place(line, arrival);
		line.waiting.push(arrival);
		if (line.waiting.length > LIMITS.outOfOrder) this.#giveUp(line);
		else if (!line.asking) void this.#ask(line, () => this.#locate(line));
	}

	/** Shows an event that no other node will hear of. From now on the numbers of the topic have gaps, so that everything is shown as it comes. */
	skip(topic: string, show: () => void): void {
		const line = this.#lines.get(topic) ?? (this.#parts.isHeard(topic) ? this.#begin(topic) : undefined);
		if (line && !line.isLoose) this.#loosen(line);
		show();
	}

	[Symbol.dispose](): void {
		for (const line of this.#lines.values()) this.#end(line);
	}

	async #check(line: Line): Promise<void> {
		const current = await this.#current(line.topic);
		if (!current || !line.position) return;
		if (line.position.epoch !== current.epoch && current.seq > 0) this.#renew(line, current.epoch);
		await this.#fillUpTo(line, current);
	}

	#begin(topic: string): Line {
		if (this.#lines.size >= this.#sweepAt) this.#sweep();
		const line = createLine(topic);
		this.#lines.set(topic, line);
		return line;
	}

	#end(line: Line): void {
		this.#stopGap(line);
		this.#lines.delete(line.topic);
	}

	#sweep(): void {
		for (const line of this.#lines.values()) if (!line.asking && !this.#parts.isHeard(line.topic)) this.#end(line);
		this.#sweepAt = Math.max(SWEEP_AT, this.#lines.size * 2);
	}

	/**
	 * Holds the topic while `find` asks the store, then goes on with what has come meanwhile. One question after the other: two answers
	 * about one topic would be of different times.
	 */
	#ask(line: Line, find: () => Promise<void>): Promise<void> {
		return line.asking?.then(() => this.#ask(line, find)) ?? (line.asking = this.#hold(line, find));
	}

	async #hold(line: Line, find: () => Promise<void>): Promise<void> {
		await find();
		line.asking = undefined;
		this.#goOn(line);
		const { waiting } = line;
		line.waiting = [];
		// Another question may begin on the way.
		for (const arrival of waiting) this.pass(line.topic, arrival);
	}

	/** Where the topic stands now. What has come since the question has its turn, although the store counts it in already. */
	async #locate(line: Line): Promise<void> {
		const current = await this.#current(line.topic);
		if (line.isLoose) return;
		const { epoch, seq } = current ?? line.waiting[0]?.position ?? {};
		if (epoch === undefined || seq === undefined) return;
		const came = line.waiting.filter(({ position }) => position.epoch === epoch).map(({ position }) => position.seq);
		line.base = Math.min(seq, ...came.map((number) => number - 1));
		line.position = { epoch, seq: line.base };
	}

	#place(line: Line, arrival: Arrival): void {
		const { epoch, seq } = line.position!;
		const { position, show, tell } = arrival;
		if (position.epoch !== epoch) return void this.#ask(line, () => this.#recognize(line, arrival));
		if (position.seq <= line.base) return tell();
		if (position.seq <= seq) return;
		if (position.seq > seq + 1) {
			line.early.set(position.seq, arrival);
			if (line.early.size > LIMITS.outOfOrder) return this.#giveUp(line);
		} else {
			line.position = position;
			show();
		}
		this.#goOn(line);
	}

	/** Shows what has come early and has its turn now; what is left waits for a while, and then for the store. */
	#goOn(line: Line): void {
		for (;;) {
			const next = line.position && line.early.get(line.position.seq + 1);
			if (!next) break;
			line.early.delete(next.position.seq);
			line.position = next.position;
			next.show();
		}
		if (line.early.size > 0) line.gap ??= this.#parts.clock.after(LIMITS.gapMs, () => this.#miss(line));
		else this.#stopGap(line);
	}

	#miss(line: Line): void {
		line.gap = undefined;
		if (line.asking || line.early.size === 0) return;
		if (this.#parts.isHeard(line.topic)) void this.#ask(line, () => this.#fill(line));
		else this.#showEarly(line);
	}

	#stopGap(line: Line): void {
		line.gap?.[Symbol.dispose]();
		line.gap = undefined;
	}

	/** An event of another epoch: the topic begins anew with it, or it is late from before, or numbered by a node that lost the store. */
	async #recognize(line: Line, arrival: Arrival): Promise<void> {
		const current = await this.#current(line.topic);
		if (current?.epoch !== arrival.position.epoch || line.isLoose) return arrival.show();
		this.#renew(line, current.epoch);
		line.waiting.unshift(arrival);
	}

	/** The topic begins anew. */
	#renew(line: Line, epoch: string): void {
		this.#showEarly(line);
		line.base = 0;
		line.position = { epoch, seq: 0 };
	}

	async #fillUpTo(line: Line, position: Position): Promise<void> {
		if (isBehind(line, position)) await this.#fill(line);
	}

	/** Reads what has not come. */
	async #fill(line: Line): Promise<void> {
		const { store, limit, report, found, lost, telemetry } = this.#parts;
		const from = line.position!;
		let missed: readonly Stored[] | undefined;
		try {
			missed = await limit(store.since(line.topic, from));
		} catch (error) {
			report('history', error);
		}
		if (line.isLoose) return;
		telemetry({ name: missed ? 'order.filled' : 'order.lost' });
		for (const stored of missed ?? []) {
			if (stored.position.seq !== line.position!.seq + 1) continue;
			line.position = stored.position;
			const early = line.early.get(stored.position.seq);
			line.early.delete(stored.position.seq);
			if (early) early.show();
			else found(stored);
		}
		if (line.early.size === 0) return;
		// What neither comes nor is in the store will never come.
		this.#goOn(line);
		if (line.early.size === 0) return;
		lost(line.topic);
		this.#showEarly(line);
	}

	/** Shows what has come early, over its gaps. */
	#showEarly(line: Line): void {
		for (const { position, show } of [...line.early.values()].sort((a, b) => a.position.seq - b.position.seq)) {
			line.position = position;
			show();
		}
		line.early.clear();
	}

	/** Too much waits. */
	#giveUp(line: Line): void {
		const { lost, telemetry } = this.#parts;
		telemetry({ name: 'limit.outOfOrder' });
		lost(line.topic);
		this.#loosen(line);
	}

	/** Shows what waits, and knows the place of the topic no more. */
	#loosen(line: Line): void {
		this.#showEarly(line);
		line.isLoose = true;
		line.position = undefined;
		this.#stopGap(line);
		for (const { show } of line.waiting.splice(0)) show();
	}

	async #current(topic: string): Promise<Position | undefined> {
		const { store, limit, report } = this.#parts;
		try {
			return await limit(store.current(topic));
		} catch (error) {
			report('history', error);
			return undefined;
		}
	}
}
