import type { Context } from './context.ts';
import type { PipeStep } from './pipe-step.ts';
import type { Aggregate, Cron, Derived, Effect } from './reactive.ts';
import type { Room } from './room-config.ts';
import type { StreamOptions } from './stream-options.ts';

/** The user's function. */
export type Handler<Args extends unknown[] = any[], Out = unknown> = (ctx: Context, ...args: Args) => Out | Promise<Out>;

/** One wrapper around a procedure: which kind, and its options. */
export interface Step<Options = any> {
	readonly step: string;
	readonly options: Options;
}

/** A callable procedure: `live(fn)`, and what wraps it. */
export interface Call<Args extends unknown[] = any[], Out = any> {
	readonly kind: 'call';
	readonly run: Handler<Args, Out>;
	/** The outermost first. */
	readonly steps: readonly Step[];
}

/** A procedure that takes bytes: `live.binary(fn)`, and what wraps it. */
export interface Binary<Args extends unknown[] = any[], Out = any> {
	readonly kind: 'binary';
	readonly run: Handler<[bytes: ArrayBuffer, ...Args], Out>;
	readonly steps: readonly Step[];
	/** Bytes. */
	readonly maxSize: number;
}

/** What one upload may take; see `UploadOptions`. */
export interface UploadLimits {
	readonly maxSize: number;
	readonly maxConcurrentPerSession: number;
	readonly maxConcurrentTotal: number;
	readonly maxBufferedChunks: number;
	readonly reauthEvery: number;
	readonly resumeMs: number;
	readonly idleMs: number;
}

/** A procedure that reads what is uploaded: `live.upload(fn)`, and what wraps it. */
export interface Upload<Args extends unknown[] = any[], Out = any> {
	readonly kind: 'upload';
	readonly run: Handler<Args, Out>;
	readonly steps: readonly Step[];
	readonly limits: UploadLimits;
}

/** A value with live updates: `live.stream(topic, load, options)`. */
export interface Stream<Args extends unknown[] = any[], Value = any> {
	readonly kind: 'stream';
	/** A string for one stream of the whole app; a function for one stream per arguments. */
	readonly topic: string | ((ctx: Context, ...args: Args) => string);
	readonly load: Handler<Args, Value>;
	readonly options: StreamOptions<Args>;
	/** What a request passes before anything else of the stream, the outermost first; `validated` changes its arguments. */
	readonly steps: readonly Step[];
	/** Around the loader, the outermost first. */
	readonly loading: readonly Step[];
	/** The function whose text tells how the topics begin, where `topic` itself does not. */
	readonly named?: (ctx: Context, ...args: any[]) => string;
	/** Whether the topic function takes `ctx` first, as far as its text tells. */
	readonly topicCtx: boolean;
	/** No loader stands behind it. */
	readonly channel: boolean;
	/** What it loads is computed: it is the value of now, whatever the client has. */
	readonly derived?: boolean;
	/** All have to say yes, or there is nothing to see; the outermost first. */
	readonly gates: readonly Handler<any[], boolean>[];
	/** What `pipe` does to the data, in order. */
	readonly pipes: readonly PipeStep[];
}

/** A gate in front of every export of a module (`_guard`). A check that throws, or gives exactly `false`, denies. */
export interface Guard {
	readonly kind: 'guard';
	readonly checks: readonly Handler<[], unknown>[];
}

/** Marks what this package made, whichever copy of it: an export that only looks alike is never callable. */
const DEFINED: symbol = Symbol.for('svelte-realtime.definition');

/** Makes a plain object a definition, for features of other kinds than those here. */
export function define<D extends { readonly kind: string }>(definition: D): D {
	return Object.defineProperty(definition, DEFINED, { value: true });
}

/** Whether a value is a definition or a guard. */
export function isDefined(value: unknown): value is Definition | Guard {
	return typeof value === 'object' && value !== null && Object.hasOwn(value, DEFINED);
}

/** What a live module exports: inert data that says what it is. Nothing happens until a runtime installs it. */
export type Definition = Call | Binary | Upload | Stream | Cron | Effect | Derived | Aggregate<any, any> | Room;
export type Kind = Definition['kind'];

/** Whether a definition is for the server alone: clients hear that there is nothing at its path. */
export const isInternal = ({ kind }: Definition): boolean => kind === 'cron' || kind === 'effect';
export type DefinitionOf<K extends Kind> = Extract<Definition, { readonly kind: K }>;
