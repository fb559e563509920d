import type { PressureReason, PressureSnapshot } from 'svelte-adapter-uws/contract';
import type { Limits } from '../shared/limits.ts';
import type { Context } from './context.ts';

/**
 * Runs around every request, before the guards. `next()` goes on, once, and resolves to what the handler gives, or to the first
 * value of a stream. What the middleware gives is the result of the call; giving nothing keeps that of `next()`. Without
 * `next()` the call ends here: with what it gives, or `null`; a stream is refused with `FORBIDDEN`. `path` is the path asked for.
 */
export type Middleware = (ctx: Context, next: () => Promise<unknown>, path: string) => unknown;

/** Hears a failure of the app's code. What it throws, or rejects with, stops nothing. */
export type ErrorHandler = (path: string, error: unknown, context?: Context) => unknown;

/** Calls of one caller within a sliding window. */
export interface RateRule {
	readonly points: number;
	/** Milliseconds. */
	readonly window: number;
}

/** Limits of all procedures that have none of their own. */
export interface RateLimits {
	/** Of procedures that `overrides` does not name. Default none. */
	readonly default?: RateRule | null;
	/** By path, `<module>/<export>`. */
	readonly overrides?: Readonly<Record<string, RateRule>>;
	/** Paths without a limit. */
	readonly exempt?: readonly string[];
}

/** When a class of requests is turned away: at these reasons, or when a function says so. */
export type AdmissionRule = readonly PressureReason[] | ((snapshot: PressureSnapshot) => boolean);

/** Classes of requests by name. */
export interface Admission {
	readonly classes: Readonly<Record<string, AdmissionRule>>;
}

/** How a time of a timer went. */
export type CronOutcome = 'ok' | 'error' | 'skipped' | 'not-leader' | 'leader-error';

/** The metrics of a server. Labels have few values: paths are those of the app's code. */
export interface Instruments {
	/** `code` is that of the error; `ms` from the frame to the answer. */
	call(path: string, code: string | undefined, ms: number): void;
	/** A connection has begun, or ended, to follow a topic through a stream. */
	follows(by: 1 | -1): void;
	cron(path: string, status: CronOutcome): void;
	/** A rate limit has forgotten a caller whose window still ran, because there were too many. */
	forgot(): void;
	/** Something did not hold that has to: a bug of this package. */
	violated(category: string): void;
}

/** What is used of a span of OpenTelemetry. */
export interface Span {
	setStatus(status: { readonly code: number; readonly message?: string }): unknown;
	setAttribute(name: string, value: string): unknown;
	recordException(error: any): unknown;
	end(): void;
}

/** What is used of `@opentelemetry/api`. */
export interface TracingApi {
	readonly trace: {
		getTracer(name: string): { startSpan(name: string, options?: any, context?: any): Span };
		setSpan(context: any, span: any): any;
	};
	readonly context: { active(): any; with(context: any, run: () => any): any };
	readonly propagation: { extract(context: any, carrier: any): any };
}

export interface PublishRateWarning {
	/** Publishes a second. Default 200. */
	readonly threshold?: number;
	/** Milliseconds over which they are counted. Default 5,000. */
	readonly intervalMs?: number;
}

export interface SilentTopicWarning {
	/** Milliseconds. Default 30,000. */
	readonly thresholdMs?: number;
	/** Topics that may be silent. */
	readonly suppress?: readonly string[];
}

/** What an app says of all its procedures, by calls such as `live.middleware(…)` while its modules are imported. */
export interface AppSettings {
	/** In the order in which they were registered. */
	readonly middleware: Middleware[];
	/** Those of `onError`. */
	readonly errorHandlers: Set<ErrorHandler>;
	/** What the server takes at most; read at each use. */
	limits: Limits;
	rateLimits?: RateLimits | undefined;
	admission?: Admission | undefined;
	metrics?: Instruments | undefined;
	/** `null`: none, although one may be found. */
	tracing?: TracingApi | null | undefined;
	/** Absent: as by default. */
	publishRateWarning?: PublishRateWarning | false;
	silentTopicWarning?: SilentTopicWarning | false;
}
