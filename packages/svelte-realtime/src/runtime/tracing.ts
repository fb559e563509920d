import type { AppSettings, Span, TracingApi } from '../define/app-settings.ts';
import { isLiveError } from '../shared/error.ts';
import { isThenable } from '../shared/thenable.ts';
import type { Pacing } from './pacing.ts';

/** Of the tracer. */
const NAME = 'svelte-realtime';
/** `SpanKind` and `SpanStatusCode` of OpenTelemetry. */
const SERVER = 1;
const PRODUCER = 3;
const FAILED = 2;

/** What a request carries of a trace; W3C Trace Context. */
interface Traced {
	readonly traceparent?: unknown;
	readonly tracestate?: unknown;
}

/**
 * Finds OpenTelemetry where the app has it, unless the app has said which, or that there is none. Without a tracer provider it
 * stays off, and is not even loaded: that takes a fifth of the time in which a server starts.
 */
export async function findTracing(
	app: AppSettings,
	load: () => Promise<TracingApi> = () => import('@opentelemetry/api')
): Promise<void> {
	if (app.tracing !== undefined || !isProvided()) return;
	const api = await load().catch(() => undefined);
	if (app.tracing === undefined) app.tracing = api;
}

/** Whether spans reach anybody: every copy of the API keeps what it was given in one place of the process for its major version. */
function isProvided(): boolean {
	return Object.getOwnPropertySymbols(globalThis).some((key) => {
		if (!Symbol.keyFor(key)?.startsWith('opentelemetry.js.api.')) return false;
		const given = (globalThis as Readonly<Record<symbol, unknown>>)[key] as { readonly trace?: unknown } | undefined;
		return given?.trace !== undefined;
	});
}

/** What makes spans, and who hears that it failed: a request does not fail of being traced. */
export interface Tracer {
	readonly api: TracingApi;
	readonly failed: (error: unknown) => void;
}

/** The tracer of an app, whose failures are said once. */
export function tracerOf(api: TracingApi, pacing: Pick<Pacing, 'warnOnce'>): Tracer {
	return {
		api,
		failed: (error) =>
			pacing.warnOnce(
				'tracing',
				`OpenTelemetry failed, so some spans are missing: ${textOf(error)}. Look at its set-up. This is said once.`
			)
	};
}

/** Runs a request in a span named for its path, a child of the one that its client sent along. */
export function traceRequest(tracer: Tracer, path: string, { traceparent, tracestate }: Traced, run: () => unknown): unknown {
	const { trace, context, propagation } = tracer.api;
	const begun = attempt(tracer, () => {
		const carrier = {
			...(typeof traceparent === 'string' ? { traceparent } : {}),
			...(typeof tracestate === 'string' ? { tracestate } : {})
		};
		const parent: unknown = propagation.extract(context.active(), carrier);
		const attributes = { 'rpc.system': 'svelte-realtime', 'rpc.method': path };
		const span = trace.getTracer(NAME).startSpan(path, { kind: SERVER, attributes }, parent);
		return { span, active: trace.setSpan(parent, span) as unknown };
	});
	if (!begun) return run();
	let outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
	const once = (): void => {
		try {
			outcome = { value: within(tracer, begun.span, run) };
		} catch (error) {
			outcome = { error };
		}
	};
	attempt(tracer, () => void context.with(begun.active, once));
	if (!outcome) once();
	if ('error' in outcome!) throw outcome.error;
	return outcome!.value;
}

/** Publishes in a span; it has the topic as an attribute, because topics are many. */
export function tracePublish<T>(tracer: Tracer, topic: string, run: () => T): T {
	const { trace, context } = tracer.api;
	const attributes = { 'messaging.system': 'svelte-realtime', 'messaging.destination.name': topic };
	const span = attempt(tracer, () =>
		trace.getTracer(NAME).startSpan('publish', { kind: PRODUCER, attributes }, context.active() as unknown)
	);
	return span ? (within(tracer, span, run) as T) : run();
}

function within(tracer: Tracer, span: Span, run: () => unknown): unknown {
	const failed = (error: unknown): never => {
		attempt(tracer, () => {
			if (isLiveError(error)) span.setAttribute('rpc.error.code', error.code);
			else span.recordException(error instanceof Error ? error : String(error));
			span.setStatus({ code: FAILED });
		});
		attempt(tracer, () => span.end());
		throw error;
	};
	let result: unknown;
	try {
		result = run();
	} catch (error) {
		return failed(error);
	}
	const end = (value: unknown): unknown => {
		attempt(tracer, () => span.end());
		return value;
	};
	return isThenable(result) ? Promise.resolve(result).then(end, failed) : end(result);
}

/** `undefined` where it fails. */
function attempt<T>({ failed }: Tracer, run: () => T): T | undefined {
	try {
		return run();
	} catch (error) {
		failed(error);
		return undefined;
	}
}

function textOf(error: unknown): string {
	try {
		return String(error);
	} catch {
		return 'something that cannot be shown';
	}
}
