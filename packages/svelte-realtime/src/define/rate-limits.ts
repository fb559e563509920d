import type { RateLimits, RateRule } from './app-settings.ts';
import { app } from './app.ts';
import { checkNames, problem } from './problem.ts';

/** `live.rateLimits`. */
export interface RateLimitsMaker {
	/**
	 * Limits all calls of a server, each procedure and caller by itself, in each process. What stands in `live.rateLimit` has that
	 * limit alone; subscribe requests have none. `null` ends it. Call it while modules are imported.
	 * @example live.rateLimits({ default: { points: 100, window: 10_000 }, exempt: ['health/ping'] });
	 */
	rateLimits(config: RateLimits | null): void;
}

const FIELDS: readonly string[] = ['default', 'overrides', 'exempt'];

export const rateLimits: RateLimitsMaker['rateLimits'] = (config) => {
	const what = 'live.rateLimits';
	if (config === null) return void (app().rateLimits = undefined);
	if (typeof config !== 'object') throw problem(what, 'config', config, 'an object, or null');
	checkNames(what, config, FIELDS, 'config');
	const { default: common, overrides = {}, exempt = [] } = config;
	if (common) checkRule(`${what}.default`, common);
	if (typeof overrides !== 'object' || overrides === null)
		throw problem(what, 'overrides', overrides, 'an object with rules by path');
	for (const [path, rule] of Object.entries(overrides)) checkRule(`${what}.overrides[${JSON.stringify(path)}]`, rule);
	if (!Array.isArray(exempt) || !exempt.every((path) => typeof path === 'string'))
		throw problem(what, 'exempt', exempt, 'a list of paths');
	app().rateLimits = config;
};

/** Throws for a rule that cannot work. */
export function checkRule(what: string, rule: RateRule): void {
	if (typeof rule !== 'object' || rule === null) throw problem(what, 'rule', rule, '{ points, window }');
	const { points, window } = rule;
	if (!(Number.isFinite(points) && points > 0)) throw problem(what, 'points', points, 'a number above 0');
	if (!(Number.isFinite(window) && window > 0)) throw problem(what, 'window', window, 'milliseconds above 0');
}
