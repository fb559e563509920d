export * from './define/context.ts';
export type { Call, Definition, Guard, Handler, Stream, StreamOptions } from './define/definition.ts';
export { guard, live, type GuardPart, type Live } from './define/live.ts';
export { standard } from './features/standard.ts';
export { createMessage, message, realtime, type CreateMessageOptions, type MessageHook, type RealtimeHooks, type RealtimeOptions } from './hooks.ts';
export type { DispatchOptions } from './runtime/dispatch.ts';
export type { Entry, Feature, Host, Installed, OnError } from './runtime/host.ts';
export { Runtime, type InProcessOptions, type RuntimeParts } from './runtime/runtime.ts';
export { LiveError, type ErrorDetails, type Issue } from './shared/error.ts';
