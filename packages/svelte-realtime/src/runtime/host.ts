import type { Connection, Platform } from 'svelte-adapter-uws/contract';
import type { AppSettings } from '../define/app-settings.ts';
import type { Context } from '../define/context.ts';
import type { Definition, DefinitionOf, Handler, Kind, UploadLimits } from '../define/definition.ts';
import type { Lock } from '../define/lock.ts';
import type { Built } from '../manifest.ts';
import type { RpcRequest } from '../shared/rpc-frame.ts';
import type { Reaction } from './cascade.ts';
import type { Follows } from './follows.ts';
import type { Violated } from './invariants.ts';
import type { Pacing } from './pacing.ts';
import type { Join, Scope } from './scope.ts';
import type { Views } from './views.ts';
import type { Watch } from './watchers.ts';

export type { ErrorHandler as OnError } from '../define/app-settings.ts';

/** All that a feature may touch. A runtime makes one and hands it to each feature it installs. */
export interface Host {
	readonly platform: Platform;
	/** What contexts share. */
	readonly pacing: Pacing;
	/** What the app says of all its procedures. */
	readonly app: AppSettings;
	/** Whether the app is being developed: what its author should know is said. */
	readonly dev: boolean;
	/** What lives as long as one connection. */
	readonly scope: (ws: Connection) => Scope;
	/** The topics that a bus of the app's has to bring to this node; those of streams and watchers are among them already. */
	readonly follows: Pick<Follows, 'enter' | 'leave' | 'beginning'>;
	/** What subscribers of a topic see of its events. */
	readonly views: Views;
	/** One at a time for each key, over all exports. */
	readonly lock: Lock;
	/** Milliseconds that only ever grow. */
	readonly now: () => number;
	/**
	 * Hears what is published on topics from now on: by this node or another, by a handler, `platform.publish` or a bridge; `*` in a
	 * topic = one or more characters. `path` is whom failures of `run` are reported for. What `run` publishes comes after.
	 */
	readonly watch: (path: string, topics: readonly string[], run: Watch) => Disposable;
	/** Answers what is published on topics, as `watch` hears it; a chain of answers that does not end is cut. */
	readonly react: (path: string, topics: readonly string[], hear: (reaction: Reaction) => void) => Disposable;
	/** A context of the server's own: nobody's, unless a user or a connection is given; `signal` ends it where there is no connection. */
	readonly context: (caller?: {
		readonly user?: unknown;
		readonly ws?: Connection | null;
		readonly signal?: AbortSignal;
	}) => Context;
	/** Timers, which may wait for any time. */
	readonly after: (ms: number, run: () => void) => Disposable;
	/** The time of day, as milliseconds since 1970; it is set forward and back with the clock of the machine. */
	readonly date: () => number;
	/** Whether this node is the one to run what has to run on one; `true` without a leader. Throws what the app's function throws. */
	readonly isLeader: () => boolean;
	/** Whether what is published also reaches instances that share no stores with this one. */
	readonly isBridged: () => boolean;
	/** Whether this node publishes what aggregates come to: for itself, for all nodes, or not at all. Throws as `isLeader` does. */
	readonly aggregates: () => 'here' | 'everywhere' | 'nowhere';
	/** Says that something which has to hold, whatever comes from outside, does not. */
	readonly violated: Violated;
	/** Says something to the app's author. */
	readonly warn: (message: string) => void;
	/** Reports a failure of the app's code. Never throws. */
	readonly onError: (path: string, error: unknown, context?: Context) => void;
}

/** One export at its path. */
export interface Entry<K extends Kind = Kind> {
	/** `<module>/<export>`. */
	readonly path: string;
	/** What the build knows of the export, whatever has been made of its text since. */
	readonly built?: Built | undefined;
	readonly definition: DefinitionOf<K>;
}

/** A subscribe request that has joined and loaded. One of `grant` and `undo` has to be called. */
export interface Subscribed extends Pick<Join, 'grant' | 'undo'> {
	/** Fields of the reply, beside `ok`. */
	readonly fields: object;
}

/** Topics whose events belong to an export: the one of this name, or all that begin so. The prefix `''` says that any may. */
export type OwnedTopics = { readonly exact: string } | { readonly prefix: string };

/**
 * An installed export: how it answers once its guard has let the caller pass. What it cannot do is absent, and a request for it
 * is refused as `INVALID_REQUEST`.
 */
export interface Installed extends Disposable {
	/** A call by a client. */
	call?(context: Context, args: readonly unknown[]): unknown;
	/** A subscribe request by a client. */
	subscribe?(context: Context, args: readonly unknown[], request: RpcRequest): Promise<Subscribed>;
	/** The value for code of the server itself, such as a page's load function. */
	load?(context: Context, args: readonly unknown[]): unknown;
	/** An upload by a client, which `context` gives the bytes of. */
	readonly upload?: { readonly limits: UploadLimits; run(context: Context, args: readonly unknown[]): unknown };
	/** Calls of it carry so many bytes at most; without it they carry none. */
	readonly maxBytes?: number;
	readonly topics?: OwnedTopics;
	/** What comes with it, at `<path>/<name>` and behind the same guard; names begin with `__`. */
	readonly parts?: ReadonlyMap<string, Definition>;
	/** Whether it has a limit of calls of its own. */
	readonly isLimited?: boolean;
	/** Whether its calls may be lost. */
	readonly isVolatile?: boolean;
}

/** A kind of definition and what it does while it is installed. State lives in the closure, and dies with it. */
export interface Feature<K extends Kind = Kind> {
	readonly kind: K;
	install(host: Host, entry: Entry<K>): Installed;
}

/** The host, as a wrapper of one path sees it. */
export interface StepHost extends Host {
	/** `<module>/<export>`. */
	readonly path: string;
}

/** A kind of wrapper around a procedure and what it does. State lives in the closure of `wrap`, one for each path. */
export interface StepFeature<Options = any> {
	readonly step: string;
	/** The handler that runs in the place of `next`. It gives a promise only where it has to wait. */
	wrap(host: StepHost, options: Options, next: Handler): Handler;
}
