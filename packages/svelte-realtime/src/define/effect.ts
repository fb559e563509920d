import { define } from './definition.ts';
import { checkNames, problem } from './problem.ts';
import type { Effect, EffectOptions, EffectRun } from './reactive.ts';
import { checkDebounce, checkSources } from './sources.ts';

/** `live.effect`. */
export interface EffectMaker {
	/**
	 * Does something when something is published on one of the topics, however it is published: once, on the node that published.
	 * The publisher does not wait for it, and does not hear of its failure. Clients cannot call it.
	 * @example export const mail = live.effect(['orders'], async (event, order) => event === 'created' && send(order));
	 */
	effect<Data = any>(sources: readonly string[], run: EffectRun<Data>, options?: EffectOptions): Effect;
}

const OPTIONS: readonly string[] = ['debounce', 'scope'];

export const effect: EffectMaker['effect'] = (sources, run, options = {}) => {
	const what = 'live.effect';
	checkSources(what, sources);
	if (typeof run !== 'function') throw problem(what, 'fn', run, 'a function (event, data, platform, topic) => …');
	checkNames(what, options, OPTIONS);
	checkDebounce(what, options.debounce);
	if (options.scope !== undefined && options.scope !== 'origin' && options.scope !== 'every-instance')
		throw problem(what, 'scope', options.scope, '"origin" or "every-instance"');
	return define({ kind: 'effect', sources: [...sources], run, options });
};
