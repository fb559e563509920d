import type { Connection, Platform } from 'svelte-adapter-uws/contract';
import type { Definition, Guard } from '../define/definition.ts';
import type { Manifest } from '../manifest.ts';
import { LiveError } from '../shared/error.ts';
import { isPath } from '../shared/path.ts';
import { CallContext, type Source } from './context.ts';
import { Dispatch, type DispatchOptions } from './dispatch.ts';
import type { Feature, Host, OnError } from './host.ts';
import { Registry } from './registry.ts';
import { Holders, Scope } from './scope.ts';

export interface RuntimeParts {
	readonly platform: Platform;
	readonly features: readonly Feature<any>[];
	/** Live modules that are imported when they are needed, or all by `ready`. Default none. */
	readonly manifest?: Manifest;
	/** Hears failures of the app's code. Default: one line on standard error, with the error behind it. */
	readonly onError?: OnError;
}

/** Options of a call that code of the server makes itself. */
export interface InProcessOptions {
	/** Becomes `ctx.user`. Has to be given, be it `null`, where the module has a guard. */
	readonly user?: unknown;
	readonly args?: readonly unknown[];
}

/** Everything that the live modules of one server need while they are installed. */
export class Runtime implements Disposable {
	readonly #parts: RuntimeParts;
	readonly #registry: Registry;
	readonly #dispatch: Dispatch;
	readonly #scopes = new WeakMap<Connection, Scope>();
	readonly #gate: Disposable;
	#ready: Promise<void> | undefined;

	constructor(parts: RuntimeParts) {
		this.#parts = parts;
		const holders = new Holders();
		const scope = (ws: Connection): Scope => {
			let found = this.#scopes.get(ws);
			if (!found) this.#scopes.set(ws, (found = new Scope(ws, holders)));
			return found;
		};
		const host: Host = { platform: parts.platform, scope, onError: contained(parts.onError ?? print) };
		this.#registry = new Registry(host, parts.features, parts.manifest ?? []);
		this.#dispatch = new Dispatch(host, this.#registry);
		// Whoever could name the topic of a stream could follow it past the guard.
		this.#gate = parts.platform.gate((ws, topic) => (this.#registry.owns(topic) ? (this.#scopes.get(ws)?.holds(topic) ?? false) : true));
	}

	/** Resolves when every live module was imported; one that fails is reported, and tried again when it is called. */
	ready(): Promise<void> {
		return (this.#ready ??= this.#registry.loadAll());
	}

	/** Takes a text frame of a client. False: it is no request. */
	receive(ws: Connection, source: Source, text: string, options: DispatchOptions = {}): boolean {
		return this.#dispatch.receive(ws, source, text, options);
	}

	/** The connection has left a topic. */
	left(ws: Connection, topic: string): void {
		this.#scopes.get(ws)?.left(topic);
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
		const installed = await this.#registry.find(path);
		if (!installed?.load) throw new LiveError('NOT_FOUND', `There is no stream ${path}.`);
		return installed.load(new CallContext({ platform }, null, 'user' in options ? options.user : undefined), options.args ?? []);
	}

	[Symbol.dispose](): void {
		this.#gate[Symbol.dispose]();
		this.#registry[Symbol.dispose]();
	}
}

function print(path: string, error: unknown): void {
	// eslint-disable-next-line no-console -- the last place that can tell somebody
	console.error(`[svelte-realtime] ${path} failed.`, error);
}

function contained(onError: OnError): OnError {
	return (path, error, context) => {
		try {
			onError(path, error, context);
		} catch (thrown) {
			print(path, thrown);
		}
	};
}
