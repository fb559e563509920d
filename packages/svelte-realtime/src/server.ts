export { configureAggregate, configureCron, setBus, type AggregateLeader, type CronConfig } from './cluster.ts';
export type { PressureReason, PressureSnapshot } from 'svelte-adapter-uws/contract';
export type { AggregateValue } from './define/aggregate.ts';
export type { Access, FromArguments, Predicate } from './define/access.ts';
export type {
	Admission,
	AdmissionRule,
	AppSettings,
	CronOutcome,
	Instruments,
	PublishRateWarning,
	SilentTopicWarning,
	Span,
	TracingApi,
	Middleware,
	RateLimits,
	RateRule
} from './define/app-settings.ts';
export type { Breaker, BreakerOptions } from './define/breaker.ts';
export * from './define/context.ts';
export type { Context as LiveContext } from './define/context.ts';
export {
	define,
	type Binary,
	type Call,
	type Definition,
	type Guard,
	type Handler,
	type Step,
	type Stream,
	type Upload,
	type UploadLimits
} from './define/definition.ts';
export { pipe, type CustomStep, type Pipe } from './define/pipe.ts';
export type { PipeStep, PipeStep as PipeTransform } from './define/pipe-step.ts';
export type { SafeParse } from './define/schema.ts';
export type { Delta, StreamOptions, Versions } from './define/stream-options.ts';
export type { IdempotentOptions } from './define/idempotent.ts';
export {
	connectionMetricsHook,
	wirePublishRateMetrics,
	type MetricsRegistry,
	type PublishRateMetricsOptions
} from './define/metrics.ts';
export { guard, type GuardPart } from './define/live.ts';
export { live, type Live } from './live.ts';
export type { PushConfig } from './push.ts';
export { enableSignals, pushHooks } from './push-hooks.ts';
export type { PushOptions, PushTarget, RemoteRegistry } from './runtime/push/pushes.ts';
export type {
	Webhook,
	Webhook as WebhookHandler,
	WebhookAnswer,
	WebhookMessage,
	WebhookOptions,
	WebhookOptions as WebhookConfig,
	WebhookRequest
} from './webhook.ts';
export type { Lock, LockKey, LockOptions, LockWait } from './define/lock.ts';
export type {
	Aggregate,
	AggregateOptions,
	Cron,
	CronContext,
	CronOptions,
	CronRun,
	Derived,
	DerivedOptions,
	Effect,
	EffectOptions,
	EffectRun,
	Reducer,
	Snapshot,
	WindowSpec
} from './define/reactive.ts';
export type { Room, Room as RoomExport, RoomConfig, RoomContext } from './define/room-config.ts';
export type { RoomHooks, RoomWithHooks } from './room-hooks.ts';
export { combineCounts, combineMax, combineMerge, combineMin, combineSum } from './shared/combine.ts';
export { DEFAULT_LIMITS, MAX_AGGREGATE_BUCKETS, type Limits } from './shared/limits.ts';
export { configureLimits } from './define/limits.ts';
export type { Reaction } from './runtime/cascade.ts';
export type { RateLimitOptions } from './define/steps.ts';
export type { BinaryOptions, UploadContext, UploadOptions } from './define/transfer.ts';
export { createBinary, createCall, createUpload } from './features/call.ts';
export { createStream } from './features/stream/index.ts';
export { defineTopics, type DefinedTopics, type TopicEntry, type TopicMap } from './define/topics.ts';
export { standard } from './features/standard.ts';
export { onCronError, onError } from './on-error.ts';
export type { ClusterBus } from './relay.ts';
export type { DispatchOptions, DispatchOptions as HandleRpcOptions } from './runtime/dispatch.ts';
export type { Entry, Feature, Host, Installed, OnError, OwnedTopics, StepFeature, StepHost, Subscribed } from './runtime/host.ts';
export { Runtime, type InProcessOptions, type RuntimeParts } from './runtime/runtime.ts';
export type { Watch } from './runtime/watchers.ts';
export { LiveError, RpcError, type ErrorDetails, type Issue } from './shared/error.ts';

// These import the app's live modules, which import this module: what those use while they are imported has to stand above.
export { _activateDerived, setCronPlatform } from './activate.ts';
export {
	createMessage,
	handleRpc,
	message,
	realtime,
	type CreateMessageOptions,
	type MessageHook,
	type RealtimeHooks,
	type RealtimeOptions,
	type RealtimeOptions as RealtimeConfig
} from './hooks.ts';
export { getAssertionCounters, getBus, getPlatform, publish } from './publish.ts';
