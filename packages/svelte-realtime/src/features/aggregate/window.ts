import type { WindowSpec } from '../../define/reactive.ts';
import { loadSchedule, type Schedule } from '../../runtime/schedule.ts';
import { parseCron } from '../../shared/cron-expression.ts';
import { restored, type Fields, type State } from './fields.ts';

/** What an aggregate remembers for one window. */
export interface Window {
	/** What it comes to now. */
	readonly state: State;
	add(event: string, data: unknown): void;
	restore(snapshot: unknown): void;
	/** A boundary has come. */
	turn(time: number): void;
}

/** Everything since it began: all there was, or all since the last boundary. */
class Total implements Window {
	readonly #fields: Fields;
	#state: State;

	constructor(fields: Fields) {
		this.#fields = fields;
		this.#state = fields.initial();
	}

	get state(): State {
		return this.#state;
	}

	add(event: string, data: unknown): void {
		this.#fields.reduce(this.#state, event, data);
	}

	restore(snapshot: unknown): void {
		this.#state = restored(this.#state, snapshot);
	}

	turn(): void {
		this.#state = this.#fields.initial();
	}
}

/** The last so many slides, each by itself until they are asked for. */
class Sliding implements Window {
	readonly #fields: Fields;
	readonly #slideMs: number;
	readonly #count: number;
	/** The oldest first; the last one takes events in. */
	#buckets: State[];
	#since: number;

	constructor(fields: Fields, { durationMs, slideMs }: { durationMs: number; slideMs: number }, now: number) {
		this.#fields = fields;
		this.#slideMs = slideMs;
		this.#count = Math.ceil(durationMs / slideMs);
		this.#buckets = [fields.initial()];
		this.#since = everyMs(slideMs, 0).latest(now);
	}

	get state(): State {
		return this.#fields.combine(this.#buckets);
	}

	add(event: string, data: unknown): void {
		this.#fields.reduce(this.#buckets.at(-1)!, event, data);
	}

	/** The parts of a snapshot are not known. */
	restore(): void {}

	turn(time: number): void {
		const passed = Math.min(Math.round((time - this.#since) / this.#slideMs), this.#count);
		this.#since = time;
		for (let i = 0; i < passed; i++) this.#buckets.push(this.#fields.initial());
		this.#buckets = this.#buckets.slice(-this.#count);
	}
}

const PERIODS = { minute: '* * * * *', hour: '0 * * * *', daily: '0 0 * * *', monthly: '0 0 1 * *' } as const;

/** The memory of a window; without one it is all there ever was. */
export function createWindow(fields: Fields, spec: WindowSpec | undefined, now: number): Window {
	return spec?.type === 'sliding' ? new Sliding(fields, spec, now) : new Total(fields);
}

/** The boundaries of a window; `undefined` where it has none. */
export function boundaries(spec: WindowSpec | undefined): Promise<Schedule> | undefined {
	if (spec === undefined || spec.type === 'lifetime') return undefined;
	if (spec.type === 'sliding') return Promise.resolve(everyMs(spec.slideMs, 0));
	if ('period' in spec && spec.period !== undefined) return loadSchedule(parseCron(PERIODS[spec.period]), spec.tz ?? 'UTC');
	const { durationMs, anchor = 0 } = spec as Extract<WindowSpec, { readonly durationMs: number }> & { readonly anchor?: number };
	return Promise.resolve(everyMs(durationMs, anchor));
}

function everyMs(ms: number, anchor: number): Schedule {
	const latest = (until: number): number => Math.floor((until - anchor) / ms) * ms + anchor;
	return { latest, next: (after) => latest(after) + ms };
}
