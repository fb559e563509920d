import type { Context } from '../define/context.ts';
import type { RateLimits, RateRule } from '../define/app-settings.ts';
import { Callers } from './callers.ts';
import type { Host } from './host.ts';

/** What `live.rateLimits` says, and who has called which procedure. One entry for each procedure of the app. */
export class CommonLimits {
	readonly #host: Pick<Host, 'now' | 'app'>;
	#config: RateLimits | undefined;
	readonly #callers = new Map<string, Callers>();

	constructor(host: Pick<Host, 'now' | 'app'>) {
		this.#host = host;
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
			this.#callers.set(path, (callers = new Callers(rule, this.#host)));
		}
		callers.take(context);
	}
}

function ruleOf({ default: common, overrides = {}, exempt = [] }: RateLimits, path: string): RateRule | undefined {
	if (exempt.includes(path)) return undefined;
	return (Object.hasOwn(overrides, path) ? overrides[path] : undefined) ?? common ?? undefined;
}
