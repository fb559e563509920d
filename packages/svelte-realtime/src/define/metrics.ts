import type { CloseContext, Connection, Platform } from 'svelte-adapter-uws/contract';
import type { CronOutcome, Instruments } from './app-settings.ts';
import { app } from './app.ts';
import { problem } from './problem.ts';
import { atOnce } from '../shared/thenable.ts';

type Labels = Readonly<Record<string, string>>;

/** What makes metrics: an object of options, or the same as positional arguments; whichever the registry takes. */
export interface MetricsRegistry {
	counter(...args: any[]): { inc(labels?: any, by?: number): unknown };
	gauge(...args: any[]): { inc(...args: any[]): unknown; dec(...args: any[]): unknown };
	histogram(...args: any[]): { observe(labels: any, value: number): unknown };
}

/** `live.metrics`. */
export interface MetricsMaker {
	/**
	 * Counts calls, streams and timers in a registry, such as that of `createMetrics()`; `null` ends it. Costs nothing without. Call
	 * it while modules are imported.
	 * @example live.metrics(createMetrics());
	 */
	metrics(registry: MetricsRegistry | null): void;
}

const SECONDS: readonly number[] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const metrics: MetricsMaker['metrics'] = (registry) => {
	if (registry === null) return void (app().metrics = undefined);
	const tried = harmless('live.metrics');
	const { call, follows, cron, forgot, violated } = instruments('live.metrics', registry);
	app().metrics = {
		call: tried(call),
		follows: tried(follows),
		cron: tried(cron),
		forgot: tried(forgot),
		violated: tried(violated)
	};
};

function instruments(what: string, registry: MetricsRegistry): Instruments {
	const { counter, gauge, histogram } = makers(what, registry);
	const calls = counter('svelte_realtime_rpc_total', 'Calls and subscribe requests', ['path', 'status']);
	const errors = counter('svelte_realtime_rpc_errors_total', 'Calls and subscribe requests that failed', ['path', 'code']);
	const seconds = histogram('svelte_realtime_rpc_duration_seconds', 'From the frame to its answer', ['path'], SECONDS);
	const streams = gauge('svelte_realtime_stream_subscriptions', 'Topics that connections follow through streams', []);
	const runs = counter('svelte_realtime_cron_total', 'Times of timers', ['path', 'status']);
	const failures = counter('svelte_realtime_cron_errors_total', 'Runs of timers that failed', ['path']);
	const violations = counter('svelte_realtime_assertion_violations_total', 'States that cannot be', ['category']);
	const forgotten = counter('svelte_realtime_rate_limit_forgotten_total', 'Callers forgotten within their window', []);
	return {
		call(path, code, ms) {
			calls.inc({ path, status: code === undefined ? 'ok' : 'error' });
			if (code !== undefined) errors.inc({ path, code });
			seconds.observe({ path }, ms / 1000);
		},
		follows: (by) => void (by === 1 ? streams.inc() : streams.dec()),
		cron(path, status: CronOutcome) {
			const isOfNobody = status === 'not-leader' || status === 'leader-error';
			runs.inc({ path: isOfNobody ? '*' : path, status });
			if (status === 'error') failures.inc({ path });
		},
		forgot: () => void forgotten.inc(),
		violated: (category) => void violations.inc({ category })
	};
}

/** Gives functions the failures of which are only said, once for all of them: what is measured must not fail of its measurement. */
function harmless(what: string): <Args extends unknown[]>(run: (...args: Args) => void) => (...args: Args) => void {
	let isSaid = false;
	return (run) =>
		(...args) => {
			try {
				run(...args);
			} catch (error) {
				if (isSaid) return;
				isSaid = true;
				// eslint-disable-next-line no-console -- addressed to the author of the app, once
				console.error(`[svelte-realtime] The registry of ${what} failed. This is said once.`, error);
			}
		};
}

/** The makers of a registry, for positional arguments. */
function makers(what: string, registry: MetricsRegistry) {
	const make =
		(kind: keyof MetricsRegistry) =>
		(name: string, help: string, labelNames: readonly string[], buckets?: readonly number[]): any => {
			if (typeof registry?.[kind] !== 'function') throw problem(what, kind, registry?.[kind], `a function that makes a ${kind}`);
			const positional = [name, help, labelNames, ...(buckets ? [buckets] : [])];
			if (registry[kind].length > 1) return registry[kind](...positional);
			try {
				return registry[kind]({ name, help, labelNames, ...(buckets ? { buckets } : {}) });
			} catch {
				// Default values do not show in the number of parameters: it takes the name first after all.
				return registry[kind](...positional);
			}
		};
	return { counter: make('counter'), gauge: make('gauge'), histogram: make('histogram') };
}

/**
 * Makes a `close` hook that records what each connection did: how long it lasted, messages and bytes in and out, and the code it
 * closed with. `close` runs after it.
 * @example export const close = connectionMetricsHook(metrics, realtimeHooks.close);
 */
export function connectionMetricsHook(
	registry: MetricsRegistry,
	close?: (ws: Connection, context: CloseContext) => unknown
): (ws: Connection, context: CloseContext) => Promise<void> {
	const what = 'connectionMetricsHook';
	if (close !== undefined && typeof close !== 'function') throw problem(what, 'close', close, 'a close hook');
	const { counter, histogram } = makers(what, registry);
	const counts = [1, 10, 100, 1_000, 10_000, 100_000];
	const sizes = [1_024, 65_536, 1_048_576, 16_777_216, 268_435_456];
	const times = [1, 10, 60, 300, 1_800, 3_600, 14_400, 86_400];
	const seconds = histogram('ws_connection_duration_seconds', 'How long connections lasted', [], times);
	const values = (
		[
			['messagesIn', 'ws_connection_messages_in', 'Messages of a connection', counts],
			['messagesOut', 'ws_connection_messages_out', 'Messages to a connection', counts],
			['bytesIn', 'ws_connection_bytes_in', 'Bytes of a connection', sizes],
			['bytesOut', 'ws_connection_bytes_out', 'Bytes to a connection', sizes]
		] as const
	).map(([field, name, help, buckets]) => [field, histogram(name, help, [], buckets)] as const);
	const closes = counter('ws_connection_close_total', 'Connections that closed, by code', ['code']);
	const record = harmless(what)((context: CloseContext) => {
		if (context.duration >= 0) seconds.observe({} satisfies Labels, context.duration / 1000);
		for (const [field, histogramOf] of values) if (context[field] >= 0) histogramOf.observe({}, context[field]);
		// A client may close with any code from 3000 to 4999; labels have to be few.
		closes.inc({ code: context.code < 3000 ? String(context.code) : `${Math.floor(context.code / 1000)}xxx` });
	});
	return async (ws, context) => {
		record(context);
		await close?.(ws, context);
	};
}

/** Options of `wirePublishRateMetrics`. */
export interface PublishRateMetricsOptions {
	/** Topics that are shown, the busiest first. Default 10. */
	readonly topN?: number;
	/** Gives the label of a topic, so that many topics are few labels; those of one label are added up. Default: the topic. */
	readonly mapTopic?: (topic: string) => string;
}

/**
 * Shows which topics are published on most, in the gauges `ws_topic_publish_rate` (messages a second) and
 * `ws_topic_publish_bytes` (bytes a second), when metrics are collected. The gauges of the registry need `collect(run)` and
 * `set(labels, value)`, as those of `createMetrics()` have. Throws a TypeError for anything else.
 * @example wirePublishRateMetrics(platform, metrics, { mapTopic: (topic) => topic.replace(/:.*$/, ':*') });
 */
export function wirePublishRateMetrics(
	platform: Pick<Platform, 'pressure'>,
	registry: Pick<MetricsRegistry, 'gauge'>,
	{ topN = 10, mapTopic = (topic) => topic }: PublishRateMetricsOptions = {}
): void {
	const what = 'wirePublishRateMetrics';
	if (typeof platform?.pressure !== 'object') throw problem(what, 'platform', platform, 'the platform of the init hook');
	if (!(Number.isSafeInteger(topN) && topN > 0)) throw problem(what, 'topN', topN, 'a whole number from 1');
	if (typeof mapTopic !== 'function') throw problem(what, 'mapTopic', mapTopic, 'a function (topic) => label');
	const { gauge } = makers(what, registry as MetricsRegistry);
	const shown = [
		[gauge('ws_topic_publish_rate', 'Messages a second published on a topic', ['topic']), 'messagesPerSec'],
		[gauge('ws_topic_publish_bytes', 'Bytes a second published on a topic', ['topic']), 'bytesPerSec']
	] as const;
	for (const [made, field] of shown) {
		if (typeof made?.collect !== 'function' || typeof made.set !== 'function')
			throw problem(what, 'gauge', made, 'a gauge with collect(run) and set(labels, value)');
		made.collect(() => {
			const sums = new Map<string, number>();
			for (const publisher of platform.pressure.topPublishers.slice(0, topN)) {
				const topic = labelOf(mapTopic, publisher.topic);
				sums.set(topic, (sums.get(topic) ?? 0) + publisher[field]);
			}
			for (const [topic, value] of sums) made.set({ topic }, value);
		});
	}
}

function labelOf(mapTopic: (topic: string) => unknown, topic: string): string {
	try {
		const label = atOnce('mapTopic', mapTopic(topic));
		return typeof label === 'string' ? label : 'other';
	} catch {
		return 'other';
	}
}
