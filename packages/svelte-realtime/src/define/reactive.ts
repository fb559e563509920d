import type { Platform } from 'svelte-adapter-uws/contract';
import type { MergeName } from 'svelte-adapter-uws/merge';
import type { CronExpression } from '../shared/cron-expression.ts';
import type { Context } from './context.ts';

/** Options of `live.cron`. */
export interface CronOptions {
	/** The time zone that the schedule is read in, such as `Europe/Berlin`. Default that of the machine, which `TZ` sets. */
	readonly tz?: string;
	/** Milliseconds after which a run is given up: `ctx.signal` aborts, and `TIMEOUT` is reported. Default: none. */
	readonly timeoutMs?: number;
	/** Milliseconds of which a random part is waited before each run. Default 0. */
	readonly jitterMs?: number;
	/** Runs when the server starts as well; once for workers that start within the same minute. Default false. */
	readonly runOnInit?: boolean;
	/** Runs once, late, for times that passed while the process was asleep or blocked for more than a minute. Default false. */
	readonly catchUp?: boolean;
	/** Lets a run begin while the one before it goes on. Default false: it is left out. */
	readonly overlap?: boolean;
}

/** What the function of `live.cron` sees: a context of nobody, whose `signal` aborts when the run is over. */
export type CronContext = Context<null>;

/** The function of `live.cron`. `due` is the time of the schedule that it runs for. */
export type CronRun = (ctx: CronContext, due: Date) => unknown;

/** Something that runs at certain times: `live.cron(schedule, topic, run, options)`. */
export interface Cron {
	readonly kind: 'cron';
	readonly schedule: CronExpression;
	/** What `run` gives, unless `undefined`, is published here as `set`. */
	readonly topic: string;
	readonly run: CronRun;
	readonly options: CronOptions;
}

/** Options of `live.effect`. */
export interface EffectOptions {
	/** Milliseconds of quiet that are waited for; then it runs for the last event alone. Default 0: for each event. */
	readonly debounce?: number;
	/** `origin`: on the node that published. `every-instance`: on every node that hears of it. Default `origin`. */
	readonly scope?: 'origin' | 'every-instance';
}

/** The function of `live.effect`. */
export type EffectRun<Data = any> = (event: string, data: Data, platform: Platform, topic: string) => unknown;

/** Something that is done when something is published: `live.effect(sources, run, options)`. */
export interface Effect {
	readonly kind: 'effect';
	/** Topics; `*` = one or more characters. */
	readonly sources: readonly string[];
	readonly run: EffectRun;
	readonly options: EffectOptions;
}

/** Options of `live.derived`. */
export interface DerivedOptions {
	/** How clients take new values. Default `set`; with another one they come as `refreshed`, in the place of all that was. */
	readonly merge?: MergeName;
	/** Milliseconds of quiet on the sources that are waited for. Default 0. */
	readonly debounce?: number;
	/** Computes a value for each user by itself, with `ctx.user`. Default false: `ctx` stands for nobody. */
	readonly perUser?: boolean;
}

/** A value that is computed anew when something is published: `live.derived(sources, compute, options)`. */
export interface Derived<Args extends unknown[] = any[], Value = any> {
	readonly kind: 'derived';
	/** Topics; `*` = one or more characters. */
	readonly sources: readonly string[] | ((...args: Args) => readonly string[]);
	readonly compute: (ctx: Context, ...args: Args) => Value | Promise<Value>;
	readonly options: DerivedOptions;
}

/** One field of an aggregate. */
export interface Reducer<Acc = any> {
	/** What it begins with; called for each start and each window. Default `undefined`. */
	init?(): Acc;
	/** What it is after an event. */
	reduce?(acc: Acc, event: string, data: any): Acc;
	/** What clients see in its place, from all fields; computed after the fields above it. */
	compute?(state: any): unknown;
	/** One from the parts of a sliding window, the oldest first. */
	combine?(...parts: Acc[]): Acc;
}

/** How long an aggregate reaches back. */
export type WindowSpec =
	| { readonly type: 'lifetime'; readonly debounce?: number }
	| {
			readonly type: 'tumbling';
			readonly period: 'minute' | 'hour' | 'daily' | 'monthly';
			/** Time zone of the period. Default `UTC`. */
			readonly tz?: string;
			readonly debounce?: number;
	  }
	| {
			readonly type: 'tumbling';
			readonly durationMs: number;
			/** Milliseconds since 1970 at which some window begins. Default 0. */
			readonly anchor?: number;
			readonly debounce?: number;
	  }
	| {
			readonly type: 'sliding';
			readonly durationMs: number;
			/** Milliseconds by which it moves on. */
			readonly slideMs: number;
			readonly debounce?: number;
	  };

/** Gives the state that an aggregate begins with, by field; it may come from a database. */
export type Snapshot = () => unknown;

/** Options of `live.aggregate`. */
export interface AggregateOptions<Windows extends string = string> {
	/** Where it is published; with windows `<topic>:<window>`. */
	readonly topic: string;
	readonly snapshot?: Snapshot;
	/** The same for each window that does not slide. */
	readonly snapshots?: Readonly<Partial<Record<Windows, Snapshot>>>;
	/** Milliseconds of quiet that are waited for before it is published. Default 0; a window may say otherwise. */
	readonly debounce?: number;
	readonly windows?: Readonly<Record<Windows, WindowSpec>>;
}

/** What all events of a topic come to: `live.aggregate(source, reducers, options)`. */
export interface Aggregate<Value = any, Windows extends string = never> {
	readonly kind: 'aggregate';
	/** A topic; `*` = one or more characters. */
	readonly source: string;
	readonly reducers: Readonly<Record<string, Reducer>>;
	readonly options: AggregateOptions;
	/** Of the types alone: what clients see, and the windows they see it in. */
	readonly shape?: (value: Value) => Windows;
}
