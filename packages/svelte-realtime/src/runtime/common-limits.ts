import type { Context } from '../define/context.ts';
import type { RateLimits, RateRule } from '../define/app-settings.ts';
import { Callers } from './callers.ts';

/** What `live.rateLimits` says, and who has called which procedure. One entry for each procedure of the app. */
export class CommonLimits {
	readonly #now: () => number;
	#config: RateLimits | undefined;
	readonly #callers = new Map<string, Callers>();

	constructor(now: () => number) {
		this.#now = now;
	}

	/** Counts a call of a procedure that has no limit of its own. Throws `RATE_LIMITED`. */
	take(config: RateLimits, path: string, context: Context): void {
		if (config !== this.#config) {
			this.#config = config;
			this.#callers.clear();
		}
		let callers = this.#callers.get(path);
		if (!callers) {
			const rule = ruleOf(config, path);
			if (!rule) return;
			this.#callers.set(path, (callers = new Callers(rule, this.#now)));
		}
		callers.take(context);
	}
}

function ruleOf({ default: common, overrides = {}, exempt = [] }: RateLimits, path: string): RateRule | undefined {
	if (exempt.includes(path)) return undefined;
	return (Object.hasOwn(overrides, path) ? overrides[path] : undefined) ?? common ?? undefined;
}
