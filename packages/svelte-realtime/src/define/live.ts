import { aggregate, type AggregateMaker } from './aggregate.ts';
import { access, type Access } from './access.ts';
import { admission, type AdmissionMaker } from './admission.ts';
import { breaker, type BreakerMaker } from './breaker.ts';
import { channel, type Channel } from './channel.ts';
import type { Context } from './context.ts';
import { cron, type CronMaker } from './cron.ts';
import { define } from './definition.ts';
import type { Call, Guard, Handler, Stream } from './definition.ts';
import { derived, type DerivedMaker } from './derived.ts';
import { effect, type EffectMaker } from './effect.ts';
import { gate, type Gate } from './gate.ts';
import { idempotent, type Idempotent } from './idempotent.ts';
import { lock, type Locked } from './lock.ts';
import { metrics, type MetricsMaker } from './metrics.ts';
import { middleware, type MiddlewareMaker } from './middleware.ts';
import { problem } from './problem.ts';
import { rateLimits, type RateLimitsMaker } from './rate-limits.ts';
import { room, type RoomMaker } from './room.ts';
import { open, rateLimit, scoped, validated, volatile, type Steps } from './steps.ts';
import { stream, type OneArgument, type TopicArguments, type WithoutContext } from './stream.ts';
import type { StreamOptions } from './stream-options.ts';
import { tracing, type TracingMaker } from './tracing.ts';
import { binary, upload, type BinaryMaker, type UploadMaker } from './transfer.ts';
import { publishRateWarning, silentTopicWarning, type WarningsMaker } from './warnings.ts';
import type { Wrappable } from './wrap.ts';

/** What `live` is: a function, with one member a kind of definition. */
export interface Live
	extends
		Steps,
		Locked,
		Idempotent,
		BreakerMaker,
		MiddlewareMaker,
		RateLimitsMaker,
		AdmissionMaker,
		MetricsMaker,
		TracingMaker,
		WarningsMaker,
		Channel,
		CronMaker,
		EffectMaker,
		DerivedMaker,
		AggregateMaker,
		RoomMaker,
		Gate,
		BinaryMaker,
		UploadMaker {
	/**
	 * Makes a function callable from the browser. Arguments after `ctx` come from the client: check them.
	 * @example export const add = live(async (ctx, text: string) => db.add(ctx.user.id, text));
	 */
	<Args extends unknown[], Out>(run: (ctx: Context, ...args: Args) => Out | Promise<Out>): Call<Args, Out>;
	/**
	 * A value with live updates: `load` gives it, and every event published on `topic` changes it by the rules of `merge`.
	 * `load` may stand in wrappers, such as `live.breaker(options, load)`. A topic that is a function, or a loader with arguments, makes one stream per arguments.
	 * @example export const todos = live.stream((ctx, list: string) => `todos:${list}`, async (ctx, list) => db.todos(list));
	 */
	stream<Topic extends (ctx: Context, ...args: any[]) => string, Value>(
		topic: Topic,
		load: Wrappable<TopicArguments<Topic>, Value>,
		options?: StreamOptions<TopicArguments<Topic>>
	): Stream<TopicArguments<Topic>, Value>;
	stream<Topic extends OneArgument, Value>(
		topic: Topic & WithoutContext<Topic>,
		load: (ctx: Context, ...args: Parameters<Topic>) => Value | Promise<Value>,
		options?: StreamOptions<Parameters<Topic>>
	): Stream<Parameters<Topic>, Value>;
	stream<Args extends unknown[], Value>(
		topic: string,
		load: Wrappable<Args, Value>,
		options?: NoInfer<StreamOptions<Args>>
	): Stream<Args, Value>;
	/** Ready-made checks for `access` and `live.scoped`. */
	readonly access: Access;
}

function call<Args extends unknown[], Out>(run: (ctx: Context, ...args: Args) => Out | Promise<Out>): Call<Args, Out> {
	if (typeof run !== 'function') throw problem('live(fn)', 'fn', run, 'a function (ctx, ...args) => result');
	return define({ kind: 'call', run, steps: [] });
}

/** Describes what a live module exports. Nothing happens until a server installs it. */
export const live: Live = Object.assign(call, {
	stream,
	channel,
	cron,
	room,
	gate,
	binary,
	effect,
	derived,
	aggregate,
	upload,
	access,
	validated,
	rateLimit,
	scoped,
	lock,
	idempotent,
	breaker,
	middleware,
	rateLimits,
	admission,
	metrics,
	tracing,
	publishRateWarning,
	silentTopicWarning,
	volatile,
	public: open
});

/** One condition of a guard. */
export type GuardPart = ((ctx: Context) => unknown) | { readonly authenticated?: boolean };

/**
 * A gate in front of every export of a module; export it as `_guard`. Parts run in order; one that throws, or gives exactly
 * `false`, denies.
 * @example export const _guard = guard({ authenticated: true }, (ctx) => ctx.user.role === 'admin');
 */
export function guard(...parts: readonly GuardPart[]): Guard {
	const checks: Handler<[], unknown>[] = [];
	for (const part of parts) {
		if (typeof part === 'function') checks.push(part);
		else if (typeof part !== 'object' || part === null)
			throw problem('guard', 'part', part, 'a function (ctx) => …, or { authenticated: true }');
		else if (part.authenticated) checks.push((ctx) => ctx.user !== null && ctx.user !== undefined);
	}
	if (checks.length === 0) throw problem('guard', 'parts', parts, 'at least one function, or { authenticated: true }');
	return define({ kind: 'guard', checks });
}
