import { context, propagation, trace, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import * as opentelemetry from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { manualClock } from 'svelte-adapter-uws/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { app, emptyApp } from '../define/app.ts';
import { configureLimits } from '../define/limits.ts';
import { live } from '../define/live.ts';
import { connectionMetricsHook, wirePublishRateMetrics } from '../define/metrics.ts';
import { LiveError } from '../shared/error.ts';
import { findTracing } from './tracing.ts';

afterEach(() => Reflect.deleteProperty(globalThis, Symbol.for('svelte-realtime.app')));

let ids = 0;
const id = (): string => String(ids++);

/** A registry of either style, which remembers what it was told as `name{labels}`. */
function createRegistry(style: 'options' | 'positional' | 'defaults') {
	const made: Record<string, unknown> = {};
	const values = new Map<string, number>();
	const metric = (kind: string, name: string, rest: object) => {
		if (typeof name !== 'string') throw new TypeError('invalid name');
		made[name] = { kind, ...rest };
		const add = (labels: Record<string, string> | undefined, by: number): void => {
			const key = labels && Object.keys(labels).length > 0 ? `${name}${JSON.stringify(labels)}` : name;
			values.set(key, (values.get(key) ?? 0) + by);
		};
		return {
			inc: (labels?: Record<string, string>) => add(labels, 1),
			dec: (labels?: Record<string, string>) => add(labels, -1),
			observe: (labels: Record<string, string>) => add(labels, 1)
		};
	};
	const make = (kind: string): ((...args: any[]) => any) => {
		if (style === 'options') return ({ name, ...rest }) => metric(kind, name, rest);
		if (style === 'positional') return (name, help, labelNames) => metric(kind, name, { help, labelNames });
		return (name, help = '', labelNames = []) => metric(kind, name, { help, labelNames });
	};
	return { made, values, registry: { counter: make('counter'), gauge: make('gauge'), histogram: make('histogram') } };
}

it.each(['options', 'positional', 'defaults'] as const)('makes its metrics in a registry that takes %s', (style) => {
	const { made, registry } = createRegistry(style);
	live.metrics(registry);
	expect(Object.keys(made)).toEqual([
		'svelte_realtime_rpc_total',
		'svelte_realtime_rpc_errors_total',
		'svelte_realtime_rpc_duration_seconds',
		'svelte_realtime_stream_subscriptions',
		'svelte_realtime_cron_total',
		'svelte_realtime_cron_errors_total',
		'svelte_realtime_assertion_violations_total',
		'svelte_realtime_rate_limit_forgotten_total'
	]);
	expect(made['svelte_realtime_rpc_total']).toMatchObject({ kind: 'counter', labelNames: ['path', 'status'] });
});

it('counts calls and streams, and keeps labels few whatever clients ask for', async () => {
	const { registry, values } = createRegistry('options');
	live.metrics(registry);
	const fail = live((_ctx, code: string) => {
		if (code === '') throw new Error('untyped');
		throw new LiveError(code);
	});
	await using runtime = await createRuntime(
		{ 'm/call': live(() => 1), 'm/fail': fail, 'm/rows': live.stream('rows', () => []) },
		undefined,
		{
			app: app()
		}
	);
	const client = await runtime.connect('ida');
	const ask = (rpc: string, ...args: unknown[]): Promise<any> => client.ask({ rpc, id: id(), args });
	await ask('m/call');
	await ask('m/fail', '');
	for (let i = 0; i < 110; i++) await client.ask({ rpc: 'm/fail', id: id(), args: [`OWN_${i}`] });
	await ask('m/none');
	await ask('no path');
	await client.ask({ rpc: 'm/rows', id: id(), stream: true });
	client.say({ rpc: 'm/call', args: [] });
	client.say({ batch: Array.from({ length: 51 }, (_, i) => ({ rpc: 'm/call', id: `b${i}` })) });
	await vi.waitFor(() => expect(client.frames.some(({ event }) => event === '__batch')).toBe(true));
	const of = (name: string): Record<string, number> =>
		Object.fromEntries(
			[...values]
				.filter(([key]) => key.startsWith(`svelte_realtime_${name}`))
				.map(([key, value]) => [key.slice(key.indexOf('{')), value])
		);
	expect(of('rpc_total')).toEqual({
		'{"path":"m/call","status":"ok"}': 2,
		'{"path":"m/fail","status":"error"}': 111,
		'{"path":"__unknown__","status":"error"}': 1,
		'{"path":"__invalid__","status":"error"}': 1,
		'{"path":"m/rows","status":"ok"}': 1,
		'{"path":"__batch__","status":"error"}': 1
	});
	expect(of('rpc_errors_total')).toMatchObject({
		'{"path":"m/fail","code":"INTERNAL_ERROR"}': 1,
		'{"path":"m/fail","code":"OWN_0"}': 1,
		'{"path":"m/fail","code":"__other__"}': 10,
		'{"path":"__unknown__","code":"NOT_FOUND"}': 1
	});
	expect(of('rpc_duration_seconds')).toMatchObject({ '{"path":"m/call"}': 2 });
	expect(values.get('svelte_realtime_stream_subscriptions')).toBe(1);
	await client.leave();
	expect(values.get('svelte_realtime_stream_subscriptions')).toBe(0);
});

it('answers all the same when the registry fails, and says so once', async () => {
	const print = vi.spyOn(console, 'error').mockImplementation(() => {});
	const broken = () => ({ inc: fail, dec: fail, observe: fail });
	const fail = (): never => {
		throw new Error('registry');
	};
	live.metrics({ counter: broken, gauge: broken, histogram: broken });
	const call = live(async () => 1);
	const rows = live.stream('rows', () => []);
	await using runtime = await createRuntime({ 'm/call': call, 'm/rows': rows }, undefined, { app: app() });
	const client = await runtime.connect('ida');
	expect(await client.ask({ rpc: 'm/call', id: '1' })).toEqual({ id: '1', ok: true, data: 1 });
	expect(await client.ask({ rpc: 'm/rows', id: '2', stream: true })).toMatchObject({ ok: true, data: [] });
	expect(await client.ask({ rpc: 'm/none', id: '3' })).toMatchObject({ code: 'NOT_FOUND' });
	expect(runtime.errors).toEqual([]);
	expect(print).toHaveBeenCalledOnce();
	print.mockRestore();
});

it('counts callers that a limit has forgotten too early, and broken books by their category', async () => {
	const { registry, values } = createRegistry('options');
	live.metrics(registry);
	configureLimits({ maxRateLimitCallers: 1 });
	const clock = manualClock();
	const call = live.rateLimit({ points: 1, window: 1_000, key: (_ctx, name: string) => name }, (_ctx, _name: string) => 1);
	await using runtime = await createRuntime({ 'm/call': call }, undefined, { app: app(), clock });
	const client = await runtime.connect('ida');
	for (const name of ['x', 'y']) await client.ask({ rpc: 'm/call', id: name, args: [name] });
	clock.advance(1_000);
	await client.ask({ rpc: 'm/call', id: 'z', args: ['z'] });
	expect(values.get('svelte_realtime_rate_limit_forgotten_total')).toBe(1);
	app().metrics!.violated('realtime/calls');
	expect(values.get('svelte_realtime_assertion_violations_total{"category":"realtime/calls"}')).toBe(1);
});

it('counts how the times of timers went', async () => {
	const { registry, values } = createRegistry('options');
	live.metrics(registry);
	const once = (run: () => unknown) => live.cron('0 0 1 1 *', 'timer', run, { runOnInit: true });
	const fail = once(() => {
		throw new Error('down');
	});
	const leaders: (() => boolean)[] = [
		() => true,
		() => false,
		() => {
			throw new Error('no answer');
		}
	];
	for (const leader of leaders) {
		await using runtime = await createRuntime({ 'm/good': once(() => 1), 'm/bad': fail }, undefined, { app: app(), leader });
		await vi.waitFor(() =>
			expect([...values.values()].reduce((sum, value) => sum + value, 0)).toBe(3 + leaders.indexOf(leader) * 2)
		);
		expect(runtime.errors).toHaveLength([1, 0, 2][leaders.indexOf(leader)]!);
	}
	expect(Object.fromEntries(values)).toEqual({
		'svelte_realtime_cron_total{"path":"m/good","status":"ok"}': 1,
		'svelte_realtime_cron_total{"path":"m/bad","status":"error"}': 1,
		'svelte_realtime_cron_errors_total{"path":"m/bad"}': 1,
		'svelte_realtime_cron_total{"path":"*","status":"not-leader"}': 2,
		'svelte_realtime_cron_total{"path":"*","status":"leader-error"}': 2
	});
});

it('records what connections did when they close, and runs the hook of the app', async () => {
	const { registry, values } = createRegistry('positional');
	const close = vi.fn();
	const hook = connectionMetricsHook(registry, close);
	const said = { duration: 1500, messagesIn: 3, messagesOut: -1, bytesIn: 10, bytesOut: 20 };
	for (const code of [1000, 1006, 4001, 4002, 3999]) await hook({} as never, { ...said, code } as never);
	expect(Object.fromEntries(values)).toEqual({
		ws_connection_duration_seconds: 5,
		ws_connection_messages_in: 5,
		ws_connection_bytes_in: 5,
		ws_connection_bytes_out: 5,
		'ws_connection_close_total{"code":"1000"}': 1,
		'ws_connection_close_total{"code":"1006"}': 1,
		'ws_connection_close_total{"code":"4xxx"}': 2,
		'ws_connection_close_total{"code":"3xxx"}': 1
	});
	expect(close).toHaveBeenCalledTimes(5);
	const log = vi.spyOn(console, 'error').mockImplementation(() => {});
	const observe = (): never => {
		throw new Error('SDK');
	};
	const broken = connectionMetricsHook({ ...registry, histogram: () => ({ observe }) }, close);
	for (let i = 0; i < 2; i++) await broken({} as never, { ...said, code: 1000 } as never);
	expect([close.mock.calls.length, log.mock.calls.length]).toEqual([7, 1]);
	log.mockRestore();
	expect(() => connectionMetricsHook({} as never)).toThrow('connectionMetricsHook: histogram is undefined');
});

it('shows which topics are published on most, under few labels', () => {
	const collectors: (() => void)[] = [];
	const values = new Map<string, number>();
	const gauge = ({ name }: { name: string }) => ({
		inc() {},
		dec() {},
		collect: (run: () => void) => void collectors.push(run),
		set: ({ topic }: { topic: string }, value: number) => void values.set(`${name} ${topic}`, value)
	});
	const rate = (topic: string, messagesPerSec: number) => ({ topic, messagesPerSec, bytesPerSec: messagesPerSec * 10 });
	const platform = { pressure: { topPublishers: [rate('room:1', 900), rate('bad', 50), rate('room:2', 5), rate('news', 1)] } };
	const mapTopic = (topic: string): string => {
		if (topic === 'bad') throw new Error('no label');
		return topic.replace(/:.*$/, ':*');
	};
	wirePublishRateMetrics(platform as never, { gauge }, { topN: 3, mapTopic });
	for (const run of collectors) run();
	expect(Object.fromEntries(values)).toEqual({
		'ws_topic_publish_rate room:*': 905,
		'ws_topic_publish_rate other': 50,
		'ws_topic_publish_bytes room:*': 9_050,
		'ws_topic_publish_bytes other': 500
	});
	expect(() => wirePublishRateMetrics({} as never, { gauge })).toThrow('wirePublishRateMetrics: platform is an object');
	expect(() => wirePublishRateMetrics(platform as never, { gauge }, { topN: 0 })).toThrow('topN is 0');
	expect(() => wirePublishRateMetrics(platform as never, createRegistry('options').registry)).toThrow('gauge is an object');
});

it('counts a call that its client cancelled as cancelled, whatever its handler throws', async () => {
	const { registry, values } = createRegistry('options');
	live.metrics(registry);
	const held = live(
		(ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(new Error('aborted'))))
	);
	await using runtime = await createRuntime({ 'm/held': held }, undefined, { app: app() });
	const client = await runtime.connect('ida');
	const reply = client.ask({ rpc: 'm/held', id: 'held' });
	client.say({ rpc: '__rpc/cancel', args: ['held'] });
	expect(await reply).toMatchObject({ code: 'CANCELLED' });
	expect(values.get('svelte_realtime_rpc_errors_total{"path":"m/held","code":"CANCELLED"}')).toBe(1);
});

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
beforeEach(() => {
	exporter.reset();
	provider.register();
});
afterEach(() => {
	trace.disable();
	context.disable();
	propagation.disable();
});

it('makes spans of calls, under the span of the client, and of what they publish', async () => {
	live.tracing(opentelemetry);
	const call = live(async (ctx, ok: boolean) => {
		await Promise.resolve();
		ctx.publish('news', 'said', trace.getActiveSpan()?.spanContext().spanId);
		if (!ok) throw new LiveError('SOLD_OUT');
	});
	const breaks = live(() => {
		throw new Error('broken');
	});
	await using runtime = await createRuntime({ 'm/call': call, 'm/breaks': breaks }, undefined, { app: app() });
	const client = await runtime.connect('ida');
	const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
	await client.ask({ rpc: 'm/call', id: id(), args: [true], traceparent });
	await client.ask({ rpc: 'm/call', id: id(), args: [false], traceparent: 7 });
	await client.ask({ rpc: 'm/breaks', id: id() });
	await client.ask({ rpc: 'm/none', id: id() });
	const [publish, good, , refused, broken, ...others] = exporter.getFinishedSpans();
	expect(others).toEqual([]);
	expect(good).toMatchObject({ name: 'm/call', kind: SpanKind.SERVER, attributes: { 'rpc.method': 'm/call' } });
	expect(good!.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
	expect(good!.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
	expect(publish).toMatchObject({
		name: 'publish',
		kind: SpanKind.PRODUCER,
		attributes: { 'messaging.destination.name': 'news' }
	});
	expect(publish!.parentSpanContext?.spanId).toBe(good!.spanContext().spanId);
	expect(refused).toMatchObject({ attributes: { 'rpc.error.code': 'SOLD_OUT' }, status: { code: SpanStatusCode.ERROR } });
	expect(refused!.parentSpanContext).toBeUndefined();
	expect(broken).toMatchObject({ name: 'm/breaks', events: [expect.objectContaining({ name: 'exception' })] });
	expect(() => live.tracing({} as never)).toThrow('live.tracing: api is an object, expected the module @opentelemetry/api.');
});

it.each([
	'extract',
	'active',
	'with',
	'with, afterwards',
	'getTracer',
	'startSpan',
	'setSpan',
	'setAttribute',
	'recordException',
	'end'
])('answers calls, and says so once, when %s of a tracing SDK throws', async (what) => {
	const fails = <Run extends (...args: any[]) => any>(name: string, run: Run): Run =>
		((...args: Parameters<Run>) => {
			if (what === name) throw new Error('SDK');
			return run(...args);
		}) as Run;
	const span = {
		setStatus: () => {},
		setAttribute: fails('setAttribute', () => {}),
		recordException: fails('recordException', () => {}),
		end: fails('end', () => {})
	};
	const startSpan = fails('startSpan', () => span);
	live.tracing({
		trace: { getTracer: fails('getTracer', () => ({ startSpan })), setSpan: fails('setSpan', () => ({})) },
		context: {
			active: fails('active', () => ({})),
			with: fails('with', (_context: unknown, run: () => unknown) => {
				run();
				if (what === 'with, afterwards') throw new Error('SDK');
			})
		},
		propagation: { extract: fails('extract', () => ({})) }
	});
	let runs = 0;
	const how: Readonly<Record<string, () => unknown>> = {
		fine: () => 'fine',
		later: async () => 'later',
		refuses: () => {
			throw new LiveError('SOLD_OUT');
		},
		breaks: async () => {
			throw new Error('broken');
		}
	};
	const call = live((ctx, name: string) => {
		runs++;
		ctx.publish('news', 'said', 1);
		return how[name]!();
	});
	const warn = vi.fn<(message: string) => void>();
	await using runtime = await createRuntime({ 'm/call': call }, undefined, { app: app(), warn });
	const client = await runtime.connect('ida');
	const ask = (name: string): Promise<any> => client.ask({ rpc: 'm/call', id: id(), args: [name] });
	expect(await ask('fine')).toMatchObject({ data: 'fine' });
	expect(await ask('later')).toMatchObject({ data: 'later' });
	expect(await ask('refuses')).toMatchObject({ code: 'SOLD_OUT' });
	expect(await ask('breaks')).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(runs).toBe(4);
	expect(warn.mock.calls).toEqual([[expect.stringContaining('OpenTelemetry failed')]]);
});

it('finds OpenTelemetry by itself where spans reach somebody, unless the app says otherwise', async () => {
	const found = app();
	await findTracing(found);
	expect(found.tracing?.trace).toBe(trace);
	live.tracing(null);
	await findTracing(app());
	expect(app().tracing).toBeNull();
	const own = { ...opentelemetry };
	live.tracing(own);
	await findTracing(app());
	expect(app().tracing).toBe(own);
	const missing = emptyApp();
	await findTracing(missing, () => Promise.reject(new Error('Cannot find package')));
	expect(missing.tracing).toBeUndefined();
});

it('does not load what would make spans that nobody gets', async () => {
	const load = vi.fn(() => Promise.resolve(opentelemetry));
	await findTracing(emptyApp(), load);
	expect(load).toHaveBeenCalledOnce();
	trace.disable();
	const settings = emptyApp();
	await findTracing(settings, load);
	expect(settings.tracing).toBeUndefined();
	expect(load).toHaveBeenCalledOnce();
});

/** A server in development whose clock the test moves. */
async function develop() {
	const warn = vi.fn<(message: string) => void>();
	const clock = manualClock();
	const rows = live.stream(
		(_ctx, topic: string) => topic,
		() => []
	);
	const runtime = await createRuntime({ 'm/rows': rows }, undefined, { app: app(), dev: true, warn, clock });
	const client = await runtime.connect('ida');
	const follow = (topic: string): Promise<any> => client.ask({ rpc: 'm/rows', id: id(), stream: true, args: [topic] });
	const said = (): string[] => warn.mock.calls.map(([message]) => message).filter((message) => message.includes('published on'));
	return { runtime, client, follow, clock, said, [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose]() };
}

it('warns of a topic that is followed and silent, once', async () => {
	live.silentTopicWarning({ thresholdMs: 1_000, suppress: ['settings'] });
	await using server = await develop();
	for (const topic of ['quiet', 'settings', 'loud', 'left']) await server.follow(topic);
	server.runtime.platform.publish('loud', 'created', { id: 1 });
	server.client.say({ type: 'unsubscribe', topic: 'left', ref: 1 });
	await server.follow('other');
	server.clock.advance(1_000);
	expect(server.said()).toEqual([
		expect.stringContaining('follows the topic "quiet", and nothing was published on it for 1000 ms'),
		expect.stringContaining('"other"')
	]);
	await server.client.leave();
	const again = await server.runtime.connect('max');
	await again.ask({ rpc: 'm/rows', id: id(), stream: true, args: ['quiet'] });
	server.clock.advance(1_000);
	expect(server.said()).toHaveLength(2);
	expect(() => live.silentTopicWarning({ suppress: [7] as never })).toThrow('suppress is a list');
	expect(() => live.silentTopicWarning({ thresholdMs: 0 })).toThrow('thresholdMs is 0');
});

it('warns of too many publishes a second on one topic, once, and not of volatile ones', async () => {
	live.publishRateWarning({ threshold: 10, intervalMs: 1_000 });
	live.silentTopicWarning(false);
	await using server = await develop();
	const { platform } = server.runtime;
	for (let round = 0; round < 2; round++) {
		for (let i = 0; i < 11; i++) platform.publish('much', 'said', i);
		for (let i = 0; i < 10; i++) platform.publish('some', 'said', i);
		for (let i = 0; i < 50; i++) platform.publish('volatile', 'said', i, { seq: false });
		server.clock.advance(1_000);
	}
	expect(server.said()).toEqual([expect.stringContaining('11 events a second were published on "much"')]);
	expect(() => live.publishRateWarning({ threshold: -1 })).toThrow('threshold is -1');
	expect(() => live.publishRateWarning({ other: 1 } as never)).toThrow('config is "other"');
});
