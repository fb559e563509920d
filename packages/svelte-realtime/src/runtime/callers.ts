import type { Context } from '../define/context.ts';
import type { RateRule } from '../define/app-settings.ts';
import { LiveError } from '../shared/error.ts';
import { identityOf } from './identity.ts';

/** Callers that one procedure remembers; over it those are forgotten who called longest ago. */
const MAX_CALLERS = 5_000;

/** Who somebody is over all connections; the type belongs to it: user 1 is not user "1". `undefined` without an identity. */
export function callerOf(user: unknown): string | undefined {
	const own = identityOf(user);
	return own === undefined ? undefined : `${typeof own}:${own}`;
}

/** The same; who has no identity is each connection by itself. */
export function callerOrGuest({ user, ws }: Context): string {
	return callerOf(user) ?? `guest:${ws?.id ?? ''}`;
}

/** The callers of one procedure. Who has no identity of its own cannot push out those who have one. */
export class Callers {
	readonly #known: Windows;
	readonly #guests: Windows;

	constructor(rule: RateRule, now: () => number) {
		this.#known = new Windows(rule, now);
		this.#guests = new Windows(rule, now);
	}

	/** Counts a call under `key`, or under whoever calls. Throws `RATE_LIMITED`. */
	take(ctx: Context, key?: string): void {
		const own = key ?? callerOf(ctx.user);
		const retryAfter = own === undefined ? this.#guests.take(ctx.ws?.id ?? '') : this.#known.take(own);
		if (retryAfter > 0) throw new LiveError('RATE_LIMITED', undefined, { retryAfter });
	}
}

interface Caller {
	/** When the current window began. */
	since: number;
	previous: number;
	current: number;
}

/** Sliding windows: calls of the window before count as far as it still reaches into the last `window` milliseconds. */
class Windows {
	readonly #points: number;
	readonly #window: number;
	readonly #now: () => number;
	/** Those who called last come last. */
	readonly #callers = new Map<string, Caller>();

	constructor({ points, window }: RateRule, now: () => number) {
		this.#points = points;
		this.#window = window;
		this.#now = now;
	}

	/** Counts a call; 0 when it may run, else the milliseconds after which one may. */
	take(key: string): number {
		const now = this.#now();
		const caller = this.#callers.get(key) ?? { since: now, previous: 0, current: 0 };
		this.#callers.delete(key);
		this.#callers.set(key, caller);
		if (this.#callers.size > MAX_CALLERS) this.#callers.delete(this.#callers.keys().next().value!);

		const windows = Math.floor((now - caller.since) / this.#window);
		if (windows > 0) {
			caller.previous = windows === 1 ? caller.current : 0;
			caller.current = 0;
			caller.since += windows * this.#window;
		}
		const elapsed = now - caller.since;
		if (caller.previous * (1 - elapsed / this.#window) + caller.current >= this.#points) return Math.ceil(this.#window - elapsed);
		caller.current++;
		return 0;
	}
}
