import type { Context } from './context.ts';

/**
 * Runs around every request, before the guards. `next()` goes on, once, and resolves to what the handler gives, or to the first
 * value of a stream. What the middleware gives is the result of the call; giving nothing keeps that of `next()`. Without
 * `next()` the call ends here: with what it gives, or `null`; a stream is refused with `FORBIDDEN`. `path` is the path asked for.
 */
export type Middleware = (ctx: Context, next: () => Promise<unknown>, path: string) => unknown;

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

/** Why a server is under pressure; of several, the first of memory, publish rate, subscribers. */
export type PressureReason = 'NONE' | 'PUBLISH_RATE' | 'SUBSCRIBERS' | 'MEMORY';

/** How a server is doing, as its platform says. */
export interface PressureSnapshot {
	readonly active: boolean;
	readonly reason: PressureReason;
	/** Subscriptions for each connection. */
	readonly subscriberRatio: number;
	/** Publishes in a second. */
	readonly publishRate: number;
	readonly memoryMB: number;
}

/** When a class of requests is turned away: at these reasons, or when a function says so. */
export type AdmissionRule = readonly PressureReason[] | ((snapshot: PressureSnapshot) => boolean);

/** Classes of requests by name. */
export interface Admission {
	readonly classes: Readonly<Record<string, AdmissionRule>>;
}

/** What an app says of all its procedures, by calls such as `live.middleware(…)` while its modules are imported. */
export interface AppSettings {
	/** In the order in which they were registered. */
	readonly middleware: Middleware[];
	rateLimits?: RateLimits | undefined;
	admission?: Admission | undefined;
}
