import type { Clock, Connection, Platform } from 'svelte-adapter-uws/contract';
import { emptyApp } from '../define/app.ts';
import type { AppSettings } from '../define/app-settings.ts';
import type { Definition, Guard } from '../define/definition.ts';
import type { Manifest } from '../manifest.ts';
import { LiveError } from '../shared/error.ts';
import type { Limits } from '../shared/limits.ts';
import { isPath } from '../shared/path.ts';
import { Cascade } from './cascade.ts';
import { CallContext, userOf, type Source } from './context.ts';
import { Dispatch, type DispatchOptions } from './dispatch.ts';
import { Follows, type TopicBus } from './follows.ts';
import type { Feature, Host, OnError } from './host.ts';
import { Invariants } from './invariants.ts';
import { KeyedLock } from './keyed-lock.ts';
import { aroundLoad } from './middleware.ts';
import { contained, print } from './on-error.ts';
import { Pacing } from './pacing.ts';
import { pass } from './pipeline.ts';
import { missingGuard, Registry } from './registry.ts';
import { Scopes } from './scopes.ts';
import { TopicWarnings } from './topic-warnings.ts';
import { TopicGate } from './topic-gate.ts';
import { Pushes } from './push/pushes.ts';
import { Uploads } from './upload/uploads.ts';
import { Views } from './views.ts';
import { Watchers } from './watchers.ts';
import { atOnce } from '../shared/thenable.ts';

/** `onError`, `plainTopics`, `requireGuard`, `isBridged`, `topicBus` and the leaders are read at each use. */
export interface RuntimeParts {
	readonly platform: Platform;
	readonly features: readonly Feature<any>[];
	/** Live modules that are imported when they are needed, or all by `ready`. Default none. */
	readonly manifest?: Manifest;
	/** Hears failures of the app's code. Default: one line on standard error, with the error behind it. */
	readonly onError?: OnError | undefined;
	/** Topics that clients may join by themselves although a stream with a computed topic could own them; `lobby:*` = all that begin so. */
	readonly plainTopics?: readonly string[] | undefined;
	/** Refuses modules with exports that no guard stands before and that are not `live.public`. Default false. */
	readonly requireGuard?: boolean | undefined;
	/** What the app says of all its procedures. Default nothing. */
	readonly app?: AppSettings;
	/** Says what the author of an app should know while it is developed. Default false. */
	readonly dev?: boolean;
	/** What has to hold and does not throws, so that a test fails of it. Default false: it is counted and reported. */
	readonly throwsAssertions?: boolean;
	/** Default the time of the machine. */
	readonly clock?: Pick<Clock, 'after' | 'now'>;
	/** The time of day in milliseconds since 1970. Default that of the machine. */
	readonly date?: () => number;
	/** Whether this node runs timers, of several that have none of their stores in common. Default: every one does. */
	readonly leader?: (() => boolean) | undefined;
	/** Whether this node publishes what aggregates come to, for all others. Default: each node does for its own subscribers. */
	readonly aggregateLeader?: (() => boolean) | undefined;
	/** Whether a bus of the app's carries what is published to instances that share no stores with this one. Default false. */
	readonly isBridged?: boolean | undefined;
	/** The bus of the app's, where it brings a topic to those nodes alone that follow it. Read for each topic that is followed anew. */
	readonly topicBus?: TopicBus | undefined;
	/** Says something to the app's author. Default: one line on standard error. */
	readonly warn?: (message: string) => void;
}

/** Options of a call that code of the server makes itself. */
export interface InProcessOptions {
	/** Becomes `ctx.user`; nobody where it is null or undefined. Has to be given where the module has a guard. */
	readonly user?: unknown;
	readonly args?: readonly unknown[];
}

/** Everything that the live modules of one server need while they are installed. */
export class Runtime implements Disposable {
	readonly #registry: Registry;
	readonly #dispatch: Dispatch;
	readonly #uploads: Uploads;
	/** Which users are connected. */
	readonly pushes: Pushes;
	readonly #onError: Host['onError'];
	readonly #scopes: Scopes;
	readonly #warnings: TopicWarnings | undefined;
	readonly #lock: KeyedLock;
	readonly #invariants: Invariants;
	readonly #watchers: Watchers;
	readonly #follows: Follows;
	readonly #pacing: Pacing;
	readonly #views: Views;
	readonly #app: AppSettings;
	readonly #gate: Disposable;
	#ready: Promise<void> | undefined;

	constructor(parts: RuntimeParts) {
		const { platform, features, manifest = [], clock = timers, date = Date.now, warn = say } = parts;
		const app = (this.#app = parts.app ?? emptyApp());
		this.#warnings = parts.dev ? new TopicWarnings({ platform, clock, app, warn }) : undefined;
		const onError: Host['onError'] = (path, error, context) =>
			(parts.onError ? contained(parts.onError, print) : print)(path, error, context);
		this.#onError = onError;
		const limits = (): Limits => app.limits;
		this.#invariants = new Invariants({
			app,
			say: (error) => onError('assertion', error),
			throws: parts.throwsAssertions ?? false
		});
		const { violated } = this.#invariants;
		const follows = (this.#follows = new Follows({
			bus: () => parts.topicBus,
			after: (ms, run) => clock.after(ms, run),
			failed: (error) => onError('bus', error)
		}));
		this.#scopes = new Scopes({
			clock,
			limits,
			violated,
			follows: (topic, by, others) => {
				app.metrics?.follows(by);
				if (others > 0) return;
				if (by === 1) {
					follows.enter(topic);
					this.#warnings?.followed(topic);
				} else {
					follows.leave(topic);
					this.#warnings?.left(topic);
				}
			}
		});
		this.#lock = new KeyedLock(clock, violated);
		const pacing = (this.#pacing = new Pacing({ clock, warn, limits, failed: (error) => onError('publish', error) }));
		const watchers = (this.#watchers = new Watchers({ platform, follows, onError }));
		this.#views = new Views(platform);
		const cascade = new Cascade(watchers, onError);
		const host: Host = {
			platform,
			pacing,
			views: this.#views,
			app,
			dev: parts.dev ?? false,
			watch: (path, topics, run) => watchers.add(path, topics, run),
			react: (path, topics, hear) => cascade.react(path, topics, hear),
			context: ({ user = null, ws = null, signal } = {}) =>
				new CallContext({ pacing, app, platform, ws, user: ws ? userOf(ws) : user, signal }),
			scope: (ws) => this.#scopes.of(ws),
			follows,
			lock: this.#lock,
			now: () => clock.now(),
			after: (ms, run) => clock.after(ms, run),
			date,
			violated,
			isLeader: () => leads(parts.leader),
			isBridged: () => parts.isBridged ?? false,
			aggregates: () => (parts.aggregateLeader ? (leads(parts.aggregateLeader) ? 'everywhere' : 'nowhere') : 'here'),
			warn,
			onError
		};
		this.#registry = new Registry(host, features, manifest, () => parts.requireGuard ?? false);
		this.#dispatch = new Dispatch(host, this.#registry);
		this.pushes = new Pushes(host);
		this.#uploads = new Uploads({ host, registry: this.#registry, dispatch: this.#dispatch });
		const gate = new TopicGate({
			registry: this.#registry,
			scopes: this.#scopes,
			warn,
			plainTopics: () => parts.plainTopics ?? [],
			ready: () => this.ready()
		});
		this.#gate = platform.gate((ws, topic) => gate.ask(ws, topic));
	}

	/** Resolves when every live module was imported; one that fails is reported, and tried again when it is called. */
	ready(): Promise<void> {
		return (this.#ready ??= this.#registry.loadAll());
	}

	/** As `ready`, but rejects when an export stands open that `requireGuard` asks a guard for. */
	async readyToServe(requireGuard: boolean): Promise<void> {
		await this.ready();
		const { unguarded } = this.#registry;
		if (requireGuard && unguarded.length > 0) throw new TypeError(missingGuard(unguarded));
	}

	/** Takes a text frame of a client. False: it is no request. */
	receive(ws: Connection, source: Source, text: string, options: DispatchOptions = {}): boolean {
		return this.#dispatch.receive(ws, source, text, options);
	}

	/** Takes a binary frame of a client. False: it is none of this protocol. */
	receiveBinary(ws: Connection, source: Source, frame: ArrayBuffer, options: DispatchOptions = {}): boolean {
		return this.#dispatch.receiveBinary(ws, source, frame, options) || this.#uploads.receive(ws, source, frame, options);
	}

	/** Reports a failure of the app's code to whoever wants to hear of it. Never throws. */
	report(path: string, error: unknown): void {
		this.#onError(path, error);
	}

	/** How often something did not hold that has to, by category; each is a bug of this package. */
	get assertions(): ReadonlyMap<string, number> {
		return this.#invariants.counts;
	}

	/** The uploads that are under way. */
	get uploads(): Pick<Uploads, 'budget' | 'size'> {
		return this.#uploads;
	}

	/** The connection was let in to a topic of the framework, for as long as it lasts. */
	hears(ws: Connection, topic: string): void {
		this.#follows.enterFor(ws, topic);
	}

	/** The connection has left a topic. */
	left(ws: Connection, topic: string): void {
		this.#scopes.find(ws)?.left(topic);
	}

	/** Installs a definition at `<module>/<export>`; what stood there is disposed first. */
	install(path: string, definition: Definition, guard?: Guard): void {
		if (!isPath(path)) throw new TypeError(`[svelte-realtime] ${path} is no path. Use <module>/<export>.`);
		this.#registry.install(path, definition, guard);
	}

	remove(path: string): void {
		this.#registry.remove(path);
	}

	/** Loads a stream's value in process: guard, access, loader. Rejects with what they throw. */
	async load(path: string, platform: Platform, options: InProcessOptions): Promise<unknown> {
		const endpoint = await this.#registry.find(path);
		if (!endpoint) throw new LiveError('NOT_FOUND', `There is no stream ${path}.`);
		const { installed, guard } = endpoint;
		if (!installed.load) throw new LiveError('INVALID_REQUEST', `${path} is no stream, so there is nothing to load.`);
		if (guard && !('user' in options)) {
			throw new Error(
				`${path} has a guard, so .load() needs to know who asks. Pass { user: locals.user }, or { user: null } for nobody.`
			);
		}
		const context = new CallContext({ pacing: this.#pacing, app: this.#app, platform, ws: null, user: options.user ?? null });
		const run = async (): Promise<unknown> => {
			if (guard) await pass(guard, context);
			return installed.load!(context, options.args ?? []);
		};
		const { middleware } = this.#app;
		return middleware.length === 0 ? run() : aroundLoad(middleware, context, path, { run, value: (value) => value });
	}

	/** Takes everything back: gate, streams of open connections, installed exports. */
	[Symbol.dispose](): void {
		this.#gate[Symbol.dispose]();
		this.#uploads[Symbol.dispose]();
		this.pushes[Symbol.dispose]();
		this.#lock.clear();
		this.#watchers[Symbol.dispose]();
		this.#pacing[Symbol.dispose]();
		this.#scopes[Symbol.dispose]();
		this.#warnings?.[Symbol.dispose]();
		this.#registry[Symbol.dispose]();
		this.#views[Symbol.dispose]();
		this.#follows[Symbol.dispose]();
	}
}

function leads(leader: (() => unknown) | undefined): boolean {
	return Boolean(atOnce('leader()', leader?.() ?? leader === undefined));
}

/** Of one timer of the machine; a longer one would run at once. */
const MAX_TIMER_MS = 2_147_483_647;

const timers: Pick<Clock, 'after' | 'now'> = {
	now: () => performance.now(),
	after(ms, run) {
		let timer: NodeJS.Timeout;
		const wait = (left: number): void => {
			const next = left > MAX_TIMER_MS ? () => wait(left - MAX_TIMER_MS) : run;
			timer = setTimeout(next, Math.min(left, MAX_TIMER_MS)).unref();
		};
		wait(ms);
		return { [Symbol.dispose]: () => clearTimeout(timer) };
	}
};

function say(message: string): void {
	// eslint-disable-next-line no-console -- the default of what an app can replace
	console.warn(`[svelte-realtime] ${message}`);
}
