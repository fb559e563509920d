import { app } from './app.ts';
import { isTimeZone } from './cron.ts';
import { define } from './definition.ts';
import { checkNames, problem } from './problem.ts';
import type { Aggregate, AggregateOptions, Reducer, WindowSpec } from './reactive.ts';
import { checkDebounce, isSource, SOURCE_RULE } from './sources.ts';
import { isTopic, TOPIC_RULE } from './stream.ts';

type Reducers = Readonly<Record<string, Reducer>>;

/** What clients see of the fields. */
export type AggregateValue<Fields extends Reducers> = {
	[Name in keyof Fields]: Fields[Name] extends { compute(state: any): infer Shown }
		? Shown
		: Fields[Name] extends { init(): infer Acc }
			? Acc
			: Fields[Name] extends { reduce(...args: any[]): infer Acc }
				? Acc
				: Fields[Name] extends Reducer<infer Acc>
					? Acc
					: unknown;
};

/** `live.aggregate`. */
export interface AggregateMaker {
	/**
	 * Keeps what all events of a topic come to, and publishes it as `set`. With windows there is one value for each, such as for
	 * the last hour. Clients follow the export as a stream, or `export.<window>`.
	 * @example
	 * export const sales = live.aggregate(
	 *   'orders',
	 *   { count: { init: () => 0, reduce: (n, event) => (event === 'created' ? n + 1 : n), combine: combineSum } },
	 *   { topic: 'sales', windows: { hour: { type: 'sliding', durationMs: 3_600_000, slideMs: 60_000 } } }
	 * );
	 */
	aggregate<const Fields extends Reducers>(
		source: string,
		reducers: Fields,
		options: AggregateOptions<never> & { readonly windows?: undefined }
	): Aggregate<AggregateValue<Fields>>;
	aggregate<const Fields extends Reducers, Windows extends string>(
		source: string,
		reducers: Fields,
		options: AggregateOptions<Windows> & { readonly windows: Readonly<Record<Windows, WindowSpec>> }
	): Aggregate<AggregateValue<Fields>, Windows>;
}

const WHAT = 'live.aggregate';
const OPTIONS: readonly string[] = ['topic', 'snapshot', 'snapshots', 'debounce', 'windows'];
const REDUCER: readonly string[] = ['init', 'reduce', 'compute', 'combine'];
const RESERVED: readonly string[] = ['__proto__', 'constructor', 'prototype'];
const PERIODS: readonly string[] = ['minute', 'hour', 'daily', 'monthly'];
const WINDOW_FIELDS: Readonly<Record<string, readonly string[]>> = {
	lifetime: ['type', 'debounce'],
	tumbling: ['type', 'debounce', 'period', 'tz', 'durationMs', 'anchor'],
	sliding: ['type', 'debounce', 'durationMs', 'slideMs']
};

export const aggregate: AggregateMaker['aggregate'] = (source: string, reducers: Reducers, options: AggregateOptions): any => {
	if (!isSource(source)) throw problem(WHAT, 'source', source, SOURCE_RULE);
	if (!isObject(reducers) || Object.keys(reducers).length === 0)
		throw problem(WHAT, 'reducers', reducers, 'an object with a reducer for each field');
	for (const [field, reducer] of Object.entries(reducers)) checkReducer(field, reducer);
	if (!isObject(options)) throw problem(WHAT, 'options', options, 'an object with a topic');
	checkNames(WHAT, options, OPTIONS);
	const { topic, snapshot, snapshots = {}, debounce, windows } = options;
	if (!isTopic(topic)) throw problem(WHAT, 'topic', topic, TOPIC_RULE);
	if (topic === source) throw problem(WHAT, 'topic', topic, 'another topic than the source, which it would change by itself');
	if (snapshot !== undefined && typeof snapshot !== 'function') throw problem(WHAT, 'snapshot', snapshot, 'a function');
	checkDebounce(WHAT, debounce);
	if (windows !== undefined && (!isObject(windows) || Object.keys(windows).length === 0))
		throw problem(WHAT, 'windows', windows, 'an object with at least one window');
	for (const [name, spec] of Object.entries(windows ?? {})) checkWindow(name, spec, { topic, reducers });
	checkSnapshots(snapshots, windows);
	if (snapshot && windows && (windows['lifetime']?.type ?? 'sliding') === 'sliding')
		throw problem(
			WHAT,
			'snapshot',
			'given beside windows',
			'a window named lifetime that it is for; others have theirs in snapshots'
		);
	return define({ kind: 'aggregate', source, reducers, options });
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

function checkReducer(field: string, reducer: Reducer): void {
	if (RESERVED.includes(field)) throw problem(WHAT, 'field', field, `another name than ${RESERVED.join(', ')}`);
	if (!isObject(reducer)) throw problem(WHAT, field, reducer, 'an object with init, reduce, compute or combine');
	checkNames(`${WHAT}: ${field}`, reducer, REDUCER);
	for (const [name, run] of Object.entries(reducer))
		if (run !== undefined && typeof run !== 'function') throw problem(WHAT, `${field}.${name}`, run, 'a function');
	if (!reducer.init && !reducer.reduce && !reducer.compute)
		throw problem(WHAT, field, 'an object without them', 'init, reduce or compute');
}

function checkWindow(name: string, spec: WindowSpec, { topic, reducers }: { topic: string; reducers: Reducers }): void {
	const what = `${WHAT}: window ${name}`;
	if (!/^(?!__)[A-Za-z0-9_-]+$/.test(name) || RESERVED.includes(name))
		throw problem(WHAT, 'window', name, 'a name of letters, digits, _ and - that does not start with __');
	if (!isTopic(`${topic}:${name}`)) throw problem(what, 'topic', `${topic}:${name}`, TOPIC_RULE);
	const known = isObject(spec) ? WINDOW_FIELDS[spec.type] : undefined;
	if (!known) throw problem(what, 'type', isObject(spec) ? spec.type : spec, Object.keys(WINDOW_FIELDS).join(', '));
	checkNames(what, spec, known);
	checkDebounce(what, spec.debounce);
	if (spec.type === 'tumbling') checkTumbling(what, spec);
	if (spec.type === 'sliding') checkSliding(what, spec, reducers);
}

function checkTumbling(what: string, spec: Extract<WindowSpec, { readonly type: 'tumbling' }>): void {
	const { period, tz, durationMs, anchor } = spec as Partial<Record<'period' | 'tz' | 'durationMs' | 'anchor', unknown>>;
	if ((period === undefined) === (durationMs === undefined))
		throw problem(
			what,
			'period',
			period === undefined ? 'absent' : 'given beside durationMs',
			'exactly one of period and durationMs'
		);
	if (period !== undefined && !PERIODS.includes(period as string)) throw problem(what, 'period', period, PERIODS.join(', '));
	if (tz !== undefined && period === undefined) throw problem(what, 'tz', tz, 'tz beside period alone');
	if (tz !== undefined && !isTimeZone(tz)) throw problem(what, 'tz', tz, 'the name of a time zone such as "Europe/Berlin"');
	if (durationMs !== undefined && !isTime(durationMs)) throw problem(what, 'durationMs', durationMs, 'milliseconds above 0');
	if (anchor !== undefined && (durationMs === undefined || !Number.isFinite(anchor)))
		throw problem(what, 'anchor', anchor, 'milliseconds since 1970, beside durationMs');
}

function checkSliding(
	what: string,
	{ durationMs, slideMs }: { durationMs: unknown; slideMs: unknown },
	reducers: Reducers
): void {
	if (!isTime(durationMs)) throw problem(what, 'durationMs', durationMs, 'milliseconds above 0');
	if (!isTime(slideMs) || slideMs > durationMs)
		throw problem(what, 'slideMs', slideMs, 'milliseconds above 0, and no more than durationMs');
	const buckets = Math.ceil(durationMs / slideMs);
	const { maxAggregateBuckets } = app().limits;
	if (buckets > maxAggregateBuckets)
		throw problem(what, 'slideMs', slideMs, `at most ${maxAggregateBuckets} slides in durationMs, of which there are ${buckets}`);
	for (const [field, { reduce, combine }] of Object.entries(reducers))
		if (reduce && !combine)
			throw problem(
				what,
				`${field}.combine`,
				combine,
				'a function (...parts) => one, such as combineSum, because the window slides'
			);
}

const isTime = (value: unknown): value is number => Number.isFinite(value) && (value as number) > 0;

function checkSnapshots(snapshots: unknown, windows: AggregateOptions['windows']): void {
	if (!isObject(snapshots)) throw problem(WHAT, 'snapshots', snapshots, 'an object with a function for each window');
	for (const [name, snapshot] of Object.entries(snapshots)) {
		if (snapshot !== undefined && typeof snapshot !== 'function')
			throw problem(WHAT, `snapshots.${name}`, snapshot, 'a function');
		const type = windows?.[name]?.type;
		if (type === undefined || type === 'sliding')
			throw problem(
				WHAT,
				'snapshots',
				name,
				'the name of a window that does not slide: of one that does, the parts are not known'
			);
	}
}
