import type { Context } from './context.ts';
import { define } from './definition.ts';
import { checkNames, problem } from './problem.ts';
import type { Derived, DerivedOptions } from './reactive.ts';
import { checkDebounce, checkSources } from './sources.ts';
import { isMerge, MERGE_RULE } from './stream.ts';

/** `live.derived`. */
export interface DerivedMaker {
	/**
	 * A value that is computed anew whenever something is published on one of the topics. Clients follow it as a stream. Sources
	 * that are a function make one value per arguments, which lives while somebody follows it.
	 * @example
	 * export const open = live.derived(['orders'], () => db.openOrders());
	 * export const ofShop = live.derived((shop: string) => [`orders:${shop}`], (ctx, shop) => db.openOrders(shop));
	 */
	derived<Value>(
		sources: readonly string[],
		compute: (ctx: Context) => Value | Promise<Value>,
		options?: DerivedOptions
	): Derived<[], Value>;
	derived<Sources extends (...args: any[]) => readonly string[], Value>(
		sources: Sources,
		compute: (ctx: Context, ...args: Parameters<Sources>) => Value | Promise<Value>,
		options?: DerivedOptions
	): Derived<Parameters<Sources>, Value>;
}

const OPTIONS: readonly string[] = ['merge', 'debounce', 'perUser'];

export const derived: DerivedMaker['derived'] = (
	sources: Derived['sources'],
	compute: Derived['compute'],
	options: DerivedOptions = {}
) => {
	const what = 'live.derived';
	if (typeof sources !== 'function') checkSources(what, sources);
	if (typeof compute !== 'function') throw problem(what, 'fn', compute, 'a function (ctx, ...args) => value');
	checkNames(what, options, OPTIONS);
	const { merge, debounce, perUser } = options;
	if (merge !== undefined && !isMerge(merge)) throw problem(what, 'merge', merge, MERGE_RULE);
	checkDebounce(what, debounce);
	if (perUser !== undefined && typeof perUser !== 'boolean') throw problem(what, 'perUser', perUser, 'true or false');
	return define<Derived>({ kind: 'derived', sources, compute, options });
};
