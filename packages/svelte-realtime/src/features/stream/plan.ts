import type { Context } from '../../define/context.ts';
import type { Handler, Step, Stream } from '../../define/definition.ts';
import type { StreamOptions } from '../../define/stream-options.ts';
import type { Compose } from '../../runtime/compose.ts';
import type { Entry, Host, OwnedTopics } from '../../runtime/host.ts';
import { isolate } from '../../runtime/isolate.ts';
import { PLAIN, type Project } from '../../runtime/views.ts';
import { atOnce } from '../../shared/thenable.ts';
import { topicOfView } from '../../shared/topics.ts';
import { dataOf, each, withData } from './page.ts';
import { Pipes, type StreamEvent } from './pipes.ts';
import { SchemaVersions, type Change } from './schema-versions.ts';
import { ownedTopics } from './topic.ts';

/** Who looks at a stream. */
export interface Viewer {
	readonly context: Context;
	/** Version of the shape that it was built for. */
	readonly schemaVersion: number | undefined;
}

/** An installed stream: its definition, read once, and what its clients see. */
export class Plan {
	readonly host: Host;
	readonly path: string;
	readonly definition: Stream;
	readonly options: StreamOptions;
	readonly owned: OwnedTopics;
	readonly topicCtx: boolean;
	readonly pipes: Pipes;
	readonly #versions: SchemaVersions;
	readonly #key: string;

	/** The loader, in its wrappers. */
	readonly load: Handler;
	/** What a request of a client passes first; gives its arguments. */
	readonly admit: Handler<any[], readonly unknown[]>;
	/** What the arguments of anybody pass. */
	readonly read: Handler<any[], readonly unknown[]>;

	constructor(host: Host, { path, definition, built }: Entry<'stream'>, compose: Compose) {
		const { options } = definition;
		this.host = host;
		this.path = path;
		this.definition = definition;
		this.options = options;
		this.load = compose(host, path, definition.loading, definition.load);
		const pass = (steps: readonly Step[]) => compose(host, path, steps, (_, ...args) => args) as Plan['admit'];
		this.admit = pass(definition.steps);
		this.read = pass(definition.steps.filter(({ step }) => step === 'validated'));
		this.owned = ownedTopics(definition);
		this.topicCtx = options.topicCtx ?? built?.topicCtx ?? definition.topicCtx;
		this.pipes = new Pipes(definition.pipes, options);
		this.#versions = new SchemaVersions(options, (message) => host.warn(`${path} ${message}`));
		this.#key = host.views.key();
	}

	/** Which view of its topic a client sees. */
	viewOf({ context, schemaVersion }: Viewer): { readonly key: string; readonly project: Project | undefined } {
		const { transform, coalesceBy, volatile } = this.options;
		const down = this.#versions.isServed(schemaVersion) ? this.#versions.down(schemaVersion) : undefined;
		if (!transform && !coalesceBy && !volatile && !down && !this.pipes.changesEvents) return { key: PLAIN, project: undefined };
		const { isPersonal } = this.pipes;
		return {
			key: `${this.#key}${isPersonal ? ` ${context.ws?.id}` : ''}${down ? ` v${this.#versions.shapeOf(schemaVersion!)}` : ''}`,
			project: this.#project(isPersonal ? context : undefined, down)
		};
	}

	/** What a client sees of a first value, or of a page. */
	async seen(data: unknown, { context, schemaVersion }: Viewer): Promise<unknown> {
		const piped = await this.pipes.value(data, context);
		const versions = this.#versions;
		return this.#finish(piped, versions.isServed(schemaVersion) ? versions.down(schemaVersion) : versions.up(schemaVersion));
	}

	/** Whether clients of a history miss events that are not for them. */
	get isSparse(): boolean {
		return Boolean(this.options.replay) && (this.options.coalesceBy !== undefined || this.pipes.changesEvents);
	}

	/** The version of what a client gets. */
	versionFor({ schemaVersion }: Viewer): number | undefined {
		return this.#versions.isServed(schemaVersion) ? schemaVersion : this.options.version;
	}

	/** What a client sees of an event that it missed; `undefined` = nothing. */
	async missed(event: StreamEvent, { context, schemaVersion }: Viewer): Promise<StreamEvent | undefined> {
		const left = this.#filter(event, context);
		if (!left) return undefined;
		const down = this.#versions.isServed(schemaVersion) ? this.#versions.down(schemaVersion) : undefined;
		return withDataIn(left, this.#finish(await this.#joined(left, context), down));
	}

	/** Tells the stream's own `onError`; false when it has none. */
	tell(error: unknown, context: Context | null, topic: string): boolean {
		const { onError } = this.options;
		if (onError) void this.isolate(context ?? undefined, () => onError(error, context, topic));
		return onError !== undefined;
	}

	/** Tells the stream's own `onError`, or the server's where it has none. */
	report(error: unknown, context: Context | null, topic: string): void {
		if (!this.tell(error, context, topic)) this.host.onError(this.path, error, context ?? undefined);
	}

	/** Runs a callback of the app whose failure is only reported. Gives a promise only when it does, which never rejects. */
	isolate(context: Context | undefined, run: () => unknown): Promise<void> | undefined {
		return isolate(this.host, this.path, context, run);
	}

	#project(context: Context | undefined, down: Change | undefined): Project {
		const { coalesceBy, volatile } = this.options;
		const seq = volatile ? { seq: false } : {};
		let last: Promise<unknown> = Promise.resolve();
		return (event, data, view) => {
			try {
				// What was loaded again takes the place of nothing but what was loaded before.
				const key = coalesceBy
					? { coalesceKey: event === 'refreshed' ? event : `=${String(atOnce('coalesceBy', coalesceBy(data)) ?? '')}` }
					: {};
				const left = this.#filter({ event, data }, context);
				if (!left) return null;
				if (!this.pipes.waits) return { ...withDataIn(left, this.#finish(dataIn(left), down)), ...key, ...seq };
				last = last.then(() => this.#publishLater(left, view, down));
				return null;
			} catch (error) {
				if (!this.tell(error, null, topicOfView(view))) throw error;
				return 'failed';
			}
		};
	}

	/** Never rejects. */
	async #publishLater(left: StreamEvent, view: string, down: Change | undefined): Promise<void> {
		try {
			const { event, data } = withDataIn(left, this.#finish(await this.#joined(left, null), down));
			this.host.platform.publish(view, event, data, { relay: false, origin: 'local', seq: false });
		} catch (error) {
			this.report(error, null, topicOfView(view));
		}
	}

	async #joined(event: StreamEvent, context: Context | null): Promise<unknown> {
		const data = dataIn(event);
		if (!this.pipes.waits) return data;
		const failed = (error: unknown): void => this.host.onError(this.path, error, context ?? undefined);
		return this.pipes.join({ event: event.event, data }, { failed, after: this.host.after });
	}

	#filter(event: StreamEvent, context: Context | undefined): StreamEvent | null {
		const left = this.pipes.filter(event.event, dataIn(event), context);
		return left && (left.event === event.event ? withDataIn(event, left.data) : left);
	}

	#finish(data: unknown, versions: Change | undefined): unknown {
		const { transform } = this.options;
		const seen = transform ? each(data, transform) : data;
		return versions ? each(seen, versions) : seen;
	}
}

/** The data of an event: only what was loaded again can be a page. */
function dataIn({ event, data }: StreamEvent): unknown {
	return event === 'refreshed' ? dataOf(data) : data;
}

function withDataIn({ event, data }: StreamEvent, changed: unknown): StreamEvent {
	return { event, data: event === 'refreshed' ? withData(data, changed) : changed };
}
