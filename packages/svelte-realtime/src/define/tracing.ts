import { app } from './app.ts';
import type { TracingApi } from './app-settings.ts';
import { problem } from './problem.ts';

/** `live.tracing`. */
export interface TracingMaker {
	/**
	 * Makes spans of calls, subscribe requests and publishes with OpenTelemetry, as children of the trace context that the client sent
	 * along; see `configure({ traceparent })` there. A server whose process has a tracer provider does so by itself when it starts;
	 * this is for others, and `null` ends it. Call it while modules are imported.
	 * @example import * as opentelemetry from '@opentelemetry/api'; live.tracing(opentelemetry);
	 */
	tracing(api: TracingApi | null): void;
}

export const tracing: TracingMaker['tracing'] = (api) => {
	if (api !== null && (!api?.trace?.getTracer || !api.context?.with || !api.propagation?.extract))
		throw problem('live.tracing', 'api', api, 'the module @opentelemetry/api');
	app().tracing = api;
};
