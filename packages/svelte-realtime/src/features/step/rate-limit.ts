import type { Context } from '../../define/context.ts';
import type { StepFeature } from '../../runtime/host.ts';
import { identityOf } from '../../runtime/identity.ts';
import { LiveError } from '../../shared/error.ts';

/** Callers that one procedure remembers; over it those are forgotten who called longest ago. */
const MAX_CALLERS = 5_000;

interface Options {
	readonly points: number;
	readonly window: number;
	readonly key?: (ctx: Context, ...args: any[]) => string;
}

/** `live.rateLimit`: who has no identity of its own cannot push out those who have one. */
export const rateLimit: StepFeature<Options> = {
	step: 'rateLimit',
	wrap({ now }, options, next) {
		const known = new Callers(options, now);
		const guests = new Callers(options, now);
		return (ctx, ...args) => {
			const own = options.key ? options.key(ctx, ...args) : typed(identityOf(ctx.user));
			const retryAfter = own === undefined ? guests.take(ctx.ws?.id ?? '') : known.take(own);
			if (retryAfter > 0) throw new LiveError('RATE_LIMITED', undefined, { retryAfter });
			return next(ctx, ...args);
		};
	}
};

/** The type belongs to it: user 1 is not user "1". */
function typed(own: ReturnType<typeof identityOf>): string | undefined {
	return own === undefined ? undefined : `${typeof own}:${own}`;
}

interface Caller {
	/** When the current window began. */
	since: number;
	previous: number;
	current: number;
}

/** Sliding windows: calls of the window before count as far as it still reaches into the last `window` milliseconds. */
class Callers {
	readonly #points: number;
	readonly #window: number;
	readonly #now: () => number;
	/** Those who called last come last. */
	readonly #callers = new Map<string, Caller>();

	constructor({ points, window }: Options, now: () => number) {
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
