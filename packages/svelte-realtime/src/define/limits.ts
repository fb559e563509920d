import { app } from './app.ts';
import { problem } from './problem.ts';
import { DEFAULT_LIMITS, type Limits } from '../shared/limits.ts';

/**
 * Changes what a server takes at most; what is not named stays as it is, and `null` puts everything back to its default. It holds
 * from then on, also while the server runs. Throws a TypeError for names that are none and for what is no whole number above 0.
 * @example configureLimits({ maxTopicsPerConnection: 200, maxCallsPerConnection: 50 });
 */
export function configureLimits(limits: Partial<Limits> | null): void {
	const what = 'configureLimits';
	if (limits === null) return void (app().limits = DEFAULT_LIMITS);
	if (typeof limits !== 'object') throw problem(what, 'limits', limits, 'an object, or null');
	const given = Object.entries(limits).filter(([, value]) => value !== undefined);
	for (const [name, value] of given) {
		if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw problem(what, 'limits', name, Object.keys(DEFAULT_LIMITS).join(', '));
		if (!(Number.isSafeInteger(value) && value > 0)) throw problem(what, name, value, 'a whole number above 0');
	}
	app().limits = { ...app().limits, ...Object.fromEntries(given) };
}
