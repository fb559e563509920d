import type { Connection, Platform, PublishMessage } from 'svelte-adapter-uws/contract';
import type { AppSettings } from '../define/app-settings.ts';
import type { Context, LivePublishOptions } from '../define/context.ts';
import { LiveError } from '../shared/error.ts';
import { refuseReserved } from '../shared/topics.ts';
import { sheds } from './admission.ts';
import type { Pacing } from './pacing.ts';
import { isUserId, signalTopic, USER_ID_RULE } from './user-id.ts';
import { tracePublish, tracerOf } from './tracing.ts';

/** Where a call came from. */
export interface Source {
	readonly platform: Platform;
}

/** Whom a context stands for. */
export interface Caller extends Source {
	/** What all contexts of one runtime share. */
	readonly pacing: Pacing;
	readonly app: AppSettings;
	readonly ws: Connection | null;
	readonly user: unknown;
	readonly idempotencyKey?: unknown;
	/** Of a request for one more page. */
	readonly cursor?: unknown;
	/** What ends a call without a connection. */
	readonly signal?: AbortSignal | undefined;
}

/** The context of one call: everything but its own fields is looked up when it is read. */
export class CallContext implements Context<any> {
	readonly user: any;
	readonly ws: Connection | null;
	readonly platform: Platform;
	readonly cursor: unknown;
	readonly idempotencyKey: any;
	readonly #pacing: Pacing;
	readonly #app: AppSettings;
	/** Of a call without a connection; nothing ends it unless somebody says so. */
	#own: AbortSignal | undefined;

	constructor({ pacing, app, platform, ws, user, cursor, idempotencyKey, signal }: Caller) {
		this.#pacing = pacing;
		this.#app = app;
		this.platform = platform;
		this.ws = ws;
		this.user = user;
		this.cursor = cursor ?? null;
		this.idempotencyKey = idempotencyKey ?? null;
		this.#own = signal;
	}

	get requestId(): string {
		return this.platform.requestId;
	}

	get signal(): AbortSignal {
		return this.ws?.signal ?? (this.#own ??= new AbortController().signal);
	}

	publish(topic: string, event: string, data?: unknown, options?: LivePublishOptions): boolean {
		const { tracing } = this.#app;
		const run = (): boolean => publishOn(this.platform, topic, event, data, options);
		return tracing ? tracePublish(tracerOf(tracing, this.#pacing), topic, run) : run();
	}

	batch(messages: readonly PublishMessage[]): boolean[] {
		for (const { topic } of messages) refuseReserved(topic);
		return this.platform.batch(messages.map((message) => ({ ...message, ...adapterOptions(message.options) })));
	}

	publishThrottled(topic: string, event: string, data: unknown, ms: number): boolean {
		return this.#paced('throttle', topic, event, data, ms);
	}

	publishDebounced(topic: string, event: string, data: unknown, ms: number): boolean {
		return this.#paced('debounce', topic, event, data, ms);
	}

	/** @deprecated Use `publishThrottled`. */
	throttle(topic: string, event: string, data: unknown, ms: number): boolean {
		this.#pacing.warnOnce('throttle', 'ctx.throttle is called ctx.publishThrottled now. This is said once.');
		return this.publishThrottled(topic, event, data, ms);
	}

	/** @deprecated Use `publishDebounced`. */
	debounce(topic: string, event: string, data: unknown, ms: number): boolean {
		this.#pacing.warnOnce('debounce', 'ctx.debounce is called ctx.publishDebounced now. This is said once.');
		return this.publishDebounced(topic, event, data, ms);
	}

	shed(className: string): boolean {
		return sheds(this.#app.admission, this.platform, className);
	}

	sendSignal(userId: string, event: string, data?: unknown): boolean {
		if (!isUserId(userId)) throw new LiveError('INVALID_USER_ID', `The id of a user has to be ${USER_ID_RULE}.`);
		return this.platform.publish(signalTopic(userId), event, data, { seq: false });
	}

	skip(key: string, ms: number): boolean {
		return this.#pacing.skip(key, ms);
	}

	#paced(how: 'throttle' | 'debounce', topic: string, event: string, data: unknown, ms: number): boolean {
		refuseReserved(topic);
		const { platform } = this;
		const publish = (newest: unknown): boolean => platform.publish(topic, event, newest);
		if (!(typeof ms === 'number' && ms > 0)) {
			this.#pacing.warnOnce(`${how} ms`, `A paced publish takes milliseconds above 0 last; without them it leaves at once.`);
			return publish(data);
		}
		// Streams of entities must not collapse into one.
		const entity = typeof data === 'object' && data !== null && 'key' in data ? `\n${String(data.key)}` : '';
		return this.#pacing[how](`${topic}\n${event}${entity}`, data, ms, publish);
	}
}

/** Publishes for the app: refuses the names of the framework. */
export function publishOn(
	platform: Platform,
	topic: string,
	event: string,
	data: unknown,
	options: LivePublishOptions | undefined
): boolean {
	refuseReserved(topic);
	return platform.publish(topic, event, data, adapterOptions(options).options);
}

function adapterOptions(options: LivePublishOptions | undefined): { readonly options?: LivePublishOptions } {
	if (!options) return {};
	// What handlers publish begins here, also where it ends here.
	return { options: { origin: 'local', ...options, ...(options.volatile ? { seq: false } : {}) } };
}

/**
 * Who a connection belongs to: what its `upgrade` hook returned, or `null` when it returned nothing. The adapter adds
 * `remoteAddress` to the user data, which alone makes nobody a user.
 */
export function userOf(ws: Connection): unknown {
	const data: unknown = ws.getUserData();
	if (typeof data !== 'object' || data === null) return null;
	for (const name in data) if (name !== 'remoteAddress') return data;
	return null;
}
