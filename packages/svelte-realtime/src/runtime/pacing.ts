import type { Clock } from 'svelte-adapter-uws/contract';
import { LiveError } from '../shared/error.ts';
import type { Limits } from '../shared/limits.ts';

/** Publishes now. */
type Publish = (data: unknown) => boolean;

interface Paced {
	timer: Disposable;
	/** What is published at the end of the window; absent when nothing came in it. */
	last?: { readonly publish: Publish; readonly data: unknown };
}

export interface PacingParts {
	readonly clock: Pick<Clock, 'after' | 'now'>;
	/** Hears what a publish at the end of its window throws. */
	readonly failed: (error: unknown) => void;
	readonly warn: (message: string) => void;
	/** Read at each use. */
	readonly limits: () => Pick<Limits, 'maxPacedPublishes' | 'maxSkipKeys'>;
}

/** What handlers of one server hold back: throttled and debounced publishes, and keys that are cooling down. */
export class Pacing implements Disposable {
	readonly #parts: PacingParts;
	readonly #throttled = new Map<string, Paced>();
	readonly #debounced = new Map<string, Paced>();
	readonly #skipped = new Map<string, number>();
	readonly #warned = new Set<string>();

	constructor(parts: PacingParts) {
		this.#parts = parts;
	}

	/** Publishes at once, and then at most once in `ms`, always the newest. */
	throttle(key: string, data: unknown, ms: number, publish: Publish): boolean {
		const running = this.#throttled.get(key);
		if (running) {
			running.last = { publish, data: travels(data) };
			return true;
		}
		const sent = publish(data);
		if (this.#throttled.size < this.#parts.limits().maxPacedPublishes) this.#throttled.set(key, { timer: this.#window(key, ms) });
		return sent;
	}

	/** Publishes the newest once nothing has come for `ms`. */
	debounce(key: string, data: unknown, ms: number, publish: Publish): boolean {
		const waiting = this.#debounced.get(key);
		if (!waiting && this.#debounced.size >= this.#parts.limits().maxPacedPublishes) return publish(data);
		const last = { publish, data: travels(data) };
		waiting?.timer[Symbol.dispose]();
		const timer = this.#parts.clock.after(ms, () => {
			this.#debounced.delete(key);
			this.#send(last);
		});
		this.#debounced.set(key, { timer, last });
		return true;
	}

	/** True while a key that came less than `ms` ago is cooling down; else it begins to. Where there are too many keys none does. */
	skip(key: unknown, ms: unknown): boolean {
		if (typeof key !== 'string' || typeof ms !== 'number' || !Number.isFinite(ms) || ms <= 0)
			throw new LiveError('INVALID_ARG', 'ctx.skip takes a key, which is a string, and milliseconds above 0: ctx.skip(key, ms).');
		const now = this.#parts.clock.now();
		const { maxSkipKeys } = this.#parts.limits();
		const until = this.#skipped.get(key);
		if (until !== undefined && until > now) return true;
		if (until === undefined && this.#skipped.size >= maxSkipKeys) this.#sweep(now);
		if (until === undefined && this.#skipped.size >= maxSkipKeys) {
			this.warnOnce('skip', `ctx.skip holds ${maxSkipKeys} keys and lets every other one pass until some have cooled down.`);
			return false;
		}
		this.#skipped.set(key, now + ms);
		return false;
	}

	/** Says something once. */
	warnOnce(name: string, message: string): void {
		if (this.#warned.has(name)) return;
		this.#warned.add(name);
		this.#parts.warn(message);
	}

	/** Drops what waits. */
	[Symbol.dispose](): void {
		for (const paced of [this.#throttled, this.#debounced]) {
			for (const { timer } of paced.values()) timer[Symbol.dispose]();
			paced.clear();
		}
		this.#skipped.clear();
	}

	#window(key: string, ms: number): Disposable {
		return this.#parts.clock.after(ms, () => {
			const { last } = this.#throttled.get(key)!;
			if (!last) return void this.#throttled.delete(key);
			// What it sends at the end of a window begins the next.
			this.#throttled.set(key, { timer: this.#window(key, ms) });
			this.#send(last);
		});
	}

	#send({ publish, data }: NonNullable<Paced['last']>): void {
		try {
			publish(data);
		} catch (error) {
			this.#parts.failed(error);
		}
	}

	#sweep(now: number): void {
		for (const [key, until] of this.#skipped) if (until <= now) this.#skipped.delete(key);
	}
}

/** Throws for data that JSON cannot carry, while its caller can still hear of it. */
function travels(data: unknown): unknown {
	JSON.stringify(data);
	return data;
}
