import type { Admission } from './app-settings.ts';
import { app } from './app.ts';
import { checkNames, problem } from './problem.ts';

/** `live.admission`. */
export interface AdmissionMaker {
	/**
	 * Names classes of requests, and when they are turned away: streams by their option `classOfService`, calls that ask
	 * `ctx.shed(name)`. `null` ends it. Call it while modules are imported.
	 * @example live.admission({ classes: { background: ['MEMORY', 'PUBLISH_RATE'], critical: (now) => now.memoryMB > 4_000 } });
	 */
	admission(config: Admission | null | undefined): void;
}

const REASONS: readonly string[] = ['NONE', 'PUBLISH_RATE', 'SUBSCRIBERS', 'MEMORY'];

export const admission: AdmissionMaker['admission'] = (config) => {
	const what = 'live.admission';
	if (config === null || config === undefined) return void (app().admission = undefined);
	const classes = typeof config === 'object' ? config.classes : undefined;
	if (typeof classes !== 'object' || classes === null) throw problem(what, 'classes', classes, 'an object with rules by name');
	checkNames(what, config, ['classes'], 'config');
	for (const [name, rule] of Object.entries(classes)) {
		if (typeof rule === 'function') continue;
		if (!Array.isArray(rule))
			throw problem(what, name, rule, `a list of ${REASONS.join(', ')}, or a function (snapshot) => boolean`);
		for (const reason of rule) if (!REASONS.includes(reason)) throw problem(what, name, reason, REASONS.join(', '));
	}
	app().admission = config;
};
