import type { Context } from '../define/context.ts';
import type { RateRule } from '../define/app-settings.ts';
import { LiveError } from '../shared/error.ts';
import type { Host } from './host.ts';
import { identityOf } from './identity.ts';

/** Who somebody is over all connections, as a text; who has no identity is each connection by itself. */
export function callerOrGuest({ user, ws }: Context): string {
	const own = identityOf(user);
	// The type belongs to it: user 1 is not user "1".
	return own === undefined ? `guest:${ws?.id ?? ''}` : `${typeof own}:${own}`;
}

type CallersHost = Pick<Host, 'now' | 'app'>;

/** The callers of one procedure. Who has no identity of its own cannot push out those who have one. */
export class Callers {
	readonly #known: Windows;
	readonly #guests: Windows;

	constructor(rule: RateRule, host: CallersHost) {
		this.#known = new Windows(rule, host);
		this.#guests = new Windows(rule, host);
	}

	/** Counts a call under `key`, or under whoever calls. Throws `RATE_LIMITED`. */
	take(ctx: Context, key?: string): void {
		const own = key ?? identityOf(ctx.user);
		const retryAfter = own === undefined ? this.#guests.take(ctx.ws?.id ?? '') : this.#known.take(own);
		if (retryAfter > 0) throw new LiveError('RATE_LIMITED', undefined, { retryAfter });
	}
}

type Identity = NonNullable<ReturnType<typeof identityOf>>;

interface Caller {
	/** When the current window began. */
	readonly since: number;
	readonly previous: number;
	current: number;
}

/** Sliding windows: calls of the window before count as far as it still reaches into the last `window` milliseconds. */
class Windows {
	readonly #points: number;
	readonly #window: number;
	readonly #host: CallersHost;
	/** Those whose window began last come last. Keys of two types differ, though they read alike. */
	readonly #callers = new Map<Identity, Caller>();

	constructor({ points, window }: RateRule, host: CallersHost) {
		this.#points = points;
		this.#window = window;
		this.#host = host;
	}

	/** Counts a call; 0 when it may run, else the milliseconds after which one may. */
	take(key: Identity): number {
		const now = this.#host.now();
		let caller = this.#callers.get(key);
		const windows = caller ? Math.floor((now - caller.since) / this.#window) : 0;
		if (!caller || windows > 0) {
			const { since = now, current = 0 } = caller ?? {};
			caller = { since: since + windows * this.#window, previous: windows === 1 ? current : 0, current: 0 };
			this.#callers.delete(key);
			this.#callers.set(key, caller);
			if (this.#callers.size > this.#host.app.limits.maxRateLimitCallers) this.#forgetOldest(now);
		}
		const elapsed = now - caller.since;
		if (caller.previous * (1 - elapsed / this.#window) + caller.current >= this.#points) return Math.ceil(this.#window - elapsed);
		caller.current++;
		return 0;
	}

	#forgetOldest(now: number): void {
		const [oldest] = this.#callers;
		if (!oldest) return;
		const [key, { since }] = oldest;
		this.#callers.delete(key);
		if (now - since < this.#window) this.#host.app.metrics?.forgot();
	}
}
