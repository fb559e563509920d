import type { AppSettings, Span, TracingApi } from '../define/app-settings.ts';
import { isLiveError } from '../shared/error.ts';
import { isThenable } from './pipeline.ts';

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
 * stays off: spans that nobody records would only cost.
 */
export async function findTracing(
	app: AppSettings,
	load: () => Promise<TracingApi> = () => import('@opentelemetry/api')
): Promise<void> {
	if (app.tracing !== undefined) return;
	const api = await load().catch(() => undefined);
	if (app.tracing === undefined && api && isProvided(api)) app.tracing = api;
}

/** Whether spans reach anybody: until a provider is there, the one of the API has no tracer to hand on to. */
function isProvided({ trace }: TracingApi): boolean {
	const provider: { getDelegateTracer?(name: string): unknown } = trace.getTracerProvider?.() ?? {};
	return typeof provider.getDelegateTracer !== 'function' || provider.getDelegateTracer(NAME) !== undefined;
}

/** Runs a request in a span named for its path, a child of the one that its client sent along. */
export function traceRequest(api: TracingApi, path: string, { traceparent, tracestate }: Traced, run: () => unknown): unknown {
	const { trace, context, propagation } = api;
	const carrier = {
		...(typeof traceparent === 'string' ? { traceparent } : {}),
		...(typeof tracestate === 'string' ? { tracestate } : {})
	};
	const parent: unknown = propagation.extract(context.active(), carrier);
	const attributes = { 'rpc.system': 'svelte-realtime', 'rpc.method': path };
	const span = trace.getTracer(NAME).startSpan(path, { kind: SERVER, attributes }, parent);
	return context.with(trace.setSpan(parent, span), () => within(span, run)) as unknown;
}

/** Publishes in a span; it has the topic as an attribute, because topics are many. */
export function tracePublish<T>(api: TracingApi, topic: string, run: () => T): T {
	const { trace, context } = api;
	const attributes = { 'messaging.system': 'svelte-realtime', 'messaging.destination.name': topic };
	const parent: unknown = context.active();
	const span = trace.getTracer(NAME).startSpan('publish', { kind: PRODUCER, attributes }, parent);
	return within(span, run) as T;
}

function within(span: Span, run: () => unknown): unknown {
	const failed = (error: unknown): never => {
		if (isLiveError(error)) span.setAttribute('rpc.error.code', error.code);
		else span.recordException(error instanceof Error ? error : String(error));
		span.setStatus({ code: FAILED });
		span.end();
		throw error;
	};
	let result: unknown;
	try {
		result = run();
	} catch (error) {
		return failed(error);
	}
	if (!isThenable(result)) {
		span.end();
		return result;
	}
	return Promise.resolve(result).then((value) => (span.end(), value), failed);
}
