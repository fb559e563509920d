import type { RateLimitStore } from 'svelte-adapter-uws/contract';
import type { Context } from '../../define/context.ts';
import type { RateRule } from '../../define/app-settings.ts';
import { Callers, callerOrGuest } from '../../runtime/callers.ts';
import type { StepFeature } from '../../runtime/host.ts';
import { after } from '../../runtime/pipeline.ts';
import { LiveError } from '../../shared/error.ts';
import { atOnce } from '../../shared/thenable.ts';

interface Options extends RateRule {
	readonly key?: (ctx: Context, ...args: any[]) => string;
	readonly store?: 'cluster' | Pick<RateLimitStore, 'take'>;
}

/** `live.rateLimit`. */
export const rateLimit: StepFeature<Options> = {
	step: 'rateLimit',
	wrap(host, { points, window, key, store }, next) {
		const keyOf = (ctx: Context, args: readonly unknown[]): string | undefined =>
			key && atOnce('The key of live.rateLimit', key(ctx, ...args));
		if (store !== undefined) {
			const shared = store === 'cluster' ? host.platform.stores.rateLimit : store;
			return (ctx, ...args) => {
				const own = key ? keyOf(ctx, args) : callerOrGuest(ctx);
				const verdict = shared.take(`rpc:${host.path}:${own}`, 1, { points, intervalMs: window });
				return after(verdict, (taken) => {
					const { allowed, resetMs } = taken as Awaited<typeof verdict>;
					if (!allowed) throw new LiveError('RATE_LIMITED', undefined, { retryAfter: Math.ceil(resetMs) });
					return next(ctx, ...args);
				});
			};
		}
		const callers = new Callers({ points, window }, host);
		return (ctx, ...args) => {
			callers.take(ctx, keyOf(ctx, args));
			return next(ctx, ...args);
		};
	}
};
