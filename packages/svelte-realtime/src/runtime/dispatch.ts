import type { Connection } from 'svelte-adapter-uws/contract';
import { isLiveError, LiveError } from '../shared/error.ts';
import { isPath } from '../shared/path.ts';
import { BATCH_EVENT, CANCEL_PATH, MAX_BATCH, type RpcRequest } from '../shared/rpc-frame.ts';
import { answerBatch, answerEach, CANCELLED, refuseBatch, TOO_LONG } from './batch.ts';
import { checkPayload, parseBinary } from './binary.ts';
import { CallMetrics } from './call-metrics.ts';
import { CommonLimits } from './common-limits.ts';
import { userOf, type Source } from './context.ts';
import type { Host, OnError, Subscribed } from './host.ts';
import { around, aroundLoad } from './middleware.ts';
import { contained } from './on-error.ts';
import { boundsOf, parseRequest, type Batch, type Refused, type Untrusted } from './parse.ts';
import { after, pass } from './pipeline.ts';
import type { Endpoint, Registry } from './registry.ts';
import { batchFrames, errorReply, okReply, replyFrame, streamReply } from './reply.ts';
import { RequestContext } from './request-context.ts';
import { tracerOf, traceRequest } from './tracing.ts';
import { isThenable } from '../shared/thenable.ts';

/** Paths that authors are warned of in development. */
const MAX_WARNED = 256;

// Made once: a stack for each bad request would cost ten times the rest of it, and would tell nothing.
const REFUSED = {
	id: new LiveError('INVALID_REQUEST', 'The id is not valid.'),
	args: new LiveError('INVALID_REQUEST', 'args must be a list.'),
	path: new LiveError('INVALID_REQUEST', 'Invalid path'),
	unknown: new LiveError('NOT_FOUND'),
	notCallable: new LiveError('INVALID_REQUEST', 'This cannot be called. Subscribe to it if it is a stream.'),
	noStream: new LiveError('INVALID_REQUEST', 'This is no stream. Call it.'),
	noId: new LiveError('INVALID_REQUEST', 'A subscribe request needs an id.'),
	tooMany: new LiveError('RATE_LIMITED', 'Too many calls wait for their answer. Wait for some.'),
	keys: new LiveError('INVALID_REQUEST', 'The arguments have too many keys. Send them in parts.'),
	cancelled: CANCELLED
} as const;

/** What one message hook adds to the way of a request. */
export interface DispatchOptions {
	/** Runs when the guard has let the caller pass, before the handler; throwing refuses the call. */
	readonly beforeExecute?: (ws: Connection, path: string, args: readonly unknown[]) => unknown;
	/** Hears what handlers throw that was not meant for the caller. */
	readonly onError?: OnError;
	/** Nesting of JSON over which a frame is no request. Default 64. */
	readonly maxEnvelopeDepth?: number;
}

/** The way of a request: frame -> path -> guard -> installed export -> exactly one reply, whatever happens in between. */
export class Dispatch {
	readonly #host: Host;
	readonly #registry: Registry;
	readonly #limits: CommonLimits;
	readonly #metrics = new CallMetrics();
	/** Paths that were warned of. */
	readonly #warned = new Set<string>();

	constructor(host: Host, registry: Registry) {
		this.#host = host;
		this.#registry = registry;
		this.#limits = new CommonLimits(host);
	}

	/** Takes a text frame. False: it is no request, and belongs to the app. */
	receive(ws: Connection, source: Source, text: string, options: DispatchOptions): boolean {
		const parsed = parseRequest(text, boundsOf(this.#host, options));
		if (!parsed) return false;
		if ('refused' in parsed) {
			refuse(ws, parsed);
			return true;
		}
		if ('batch' in parsed) {
			this.#batch(ws, source, parsed.batch, options);
			return true;
		}
		const { single } = parsed;
		if (single.rpc === CANCEL_PATH && single.id === undefined) this.#cancel(ws, single.args);
		else this.#single(ws, source, single, options);
		return true;
	}

	/** Takes a binary frame. False: it is no call. */
	receiveBinary(ws: Connection, source: Source, frame: ArrayBuffer, options: DispatchOptions): boolean {
		const parsed = parseBinary(frame, boundsOf(this.#host, options));
		if (!parsed) return false;
		if ('refused' in parsed) refuse(ws, parsed);
		else this.#single(ws, source, parsed.single, options);
		return true;
	}

	#single(ws: Connection, source: Source, request: Untrusted, options: DispatchOptions): void {
		const { id } = request;
		const reply = this.#answer(ws, source, request, options);
		if (id === undefined) return;
		if (typeof reply === 'string') ws.sendOrClose(replyFrame(id, reply));
		else void reply.then((settled) => ws.sendOrClose(replyFrame(id, settled)));
	}

	#batch(ws: Connection, source: Source, batch: Batch, options: DispatchOptions): void {
		const send = (replies: readonly string[]): void => {
			for (const frame of batchFrames(replies)) ws.sendOrClose(frame);
		};
		if (batch.entries.length > MAX_BATCH) {
			this.#record('__batch__', { error: TOO_LONG, isKnown: false, ms: 0 });
			return send(refuseBatch(batch));
		}
		const answer = (entry: Untrusted): string | Promise<string> => this.#answer(ws, source, entry, options);
		if (batch.each && !batch.sequential) return answerEach(batch, answer, (frame) => void ws.sendOrClose(frame));
		const replies = answerBatch(batch, this.#host.scope(ws).requests, answer);
		if (isThenable(replies)) void replies.then(send);
		else send(replies);
	}

	#cancel(ws: Connection, ids: unknown): void {
		if (!Array.isArray(ids)) return;
		const unwanted = new Set<unknown>(ids);
		for (const request of this.#host.scope(ws).requests) if (unwanted.has(request.id)) request.cancel();
	}

	/** The reply of one request as text; a promise only when something on its way makes one. It never rejects. */
	#answer(ws: Connection, source: Source, request: Untrusted, options: DispatchOptions): string | Promise<string> {
		const id = request.id ?? '';
		let context: RequestContext | undefined;
		const since = this.#host.app.metrics ? this.#host.now() : 0;
		const record = (outcome: { readonly error?: unknown }): void => {
			if (this.#host.app.metrics)
				this.#record(request.rpc, { ...outcome, isKnown: context?.isKnown ?? false, ms: this.#host.now() - since });
		};
		const failed = (error: unknown): string => {
			// What an interrupted handler throws says that it was interrupted, and no more.
			const told = context?.isCancelled && !isLiveError(error) ? REFUSED.cancelled : error;
			record({ error: told });
			if (!isLiveError(told)) this.report(options, request.rpc, told, context);
			return errorReply(id, told);
		};
		const succeeded = (value: unknown): string => {
			try {
				if (context!.isCancelled && request.stream === true) {
					(value as Subscribed).undo();
					return failed(REFUSED.cancelled);
				}
				const reply = request.stream === true ? granted(id, value as Subscribed) : okReply(id, value);
				record({});
				return reply;
			} catch (error) {
				const isTold = isLiveError(error);
				const unsent = isTold ? error : new Error('The result cannot be sent as JSON.', { cause: error });
				// That a result is too large is for the app to know, although its caller hears of it too.
				if (isTold && error.code === 'PAYLOAD_TOO_LARGE') this.report(options, request.rpc, error, context);
				return failed(unsent);
			}
		};
		try {
			if (request.id === '' || request.id === BATCH_EVENT) throw REFUSED.id;
			if (request.args !== undefined && !Array.isArray(request.args)) throw REFUSED.args;
			const scope = this.#host.scope(ws);
			if (scope.calls >= this.#host.app.limits.maxCallsPerConnection) throw REFUSED.tooMany;
			const made = (context = new RequestContext({
				pacing: this.#host.pacing,
				app: this.#host.app,
				platform: source.platform,
				ws,
				user: userOf(ws),
				cursor: request.cursor,
				idempotencyKey: request.idempotencyKey
			}));
			const found = this.#registry.find(request.rpc);
			const result = isThenable(found)
				? found.then((endpoint) => this.enter(made, request, endpoint, options))
				: this.enter(made, request, found, options);
			if (!isThenable(result)) return succeeded(result);
			scope.calls++;
			made.id = id;
			if (id !== '') scope.requests.add(made);
			const settle = (): void => {
				scope.calls--;
				if (scope.calls < 0) this.#host.violated('realtime/calls', { calls: scope.calls });
				scope.requests.delete(made);
			};
			return Promise.resolve(result).then(
				(value) => (settle(), succeeded(value)),
				(error: unknown) => (settle(), failed(error))
			);
		} catch (error) {
			return failed(error);
		}
	}

	/** Kind, middleware, guard, hook, handler. Gives a promise only when one of them does. */
	enter(context: RequestContext, request: Untrusted, endpoint: Endpoint | undefined, options: DispatchOptions): unknown {
		const { rpc: path } = request;
		if (!endpoint || endpoint.isInternal) throw isPath(path) ? REFUSED.unknown : REFUSED.path;
		const { installed, guard } = endpoint;
		if (request.stream === true) {
			if (!installed.subscribe) throw REFUSED.noStream;
			if (request.id === undefined) throw REFUSED.noId;
		} else if (!installed.call) throw REFUSED.notCallable;
		else checkPayload(installed, request);
		if (request.id === undefined && !installed.isVolatile) this.#warnOfVolatile(path);
		context.isKnown = true;
		const { middleware, tracing } = this.#host.app;
		const run = (): unknown => this.#pass(context, request, { installed, guard }, options);
		if (tracing)
			return traceRequest(tracerOf(tracing, this.#host.pacing), path, request, () => this.#around(context, request, run));
		return middleware.length === 0 ? run() : this.#around(context, request, run);
	}

	#around(context: RequestContext, { rpc: path, stream }: Untrusted, run: () => unknown): unknown {
		const { middleware } = this.#host.app;
		if (middleware.length === 0) return run();
		if (stream !== true) return around(middleware, context, path, run);
		const value = ({ fields }: Subscribed): unknown => (fields as { readonly data?: unknown }).data;
		return aroundLoad<Subscribed>(middleware, context, path, { run, value });
	}

	#pass(
		context: RequestContext,
		request: Untrusted,
		{ installed, guard }: Pick<Endpoint, 'installed' | 'guard'>,
		{ beforeExecute }: DispatchOptions
	): unknown {
		const args: readonly unknown[] = request.args ?? [];
		const { rateLimits } = this.#host.app;
		const run = (): unknown => {
			if (request.stream === true) return installed.subscribe!(context, args, request as RpcRequest);
			if (rateLimits && !installed.isLimited) this.#limits.take(rateLimits, request.rpc, context);
			return installed.call!(context, args);
		};
		if (!guard && !beforeExecute) return run();
		return after(guard && pass(guard, context), () => after(beforeExecute?.(context.ws, request.rpc, args), run));
	}

	#record(path: string, outcome: Parameters<CallMetrics['record']>[2]): void {
		const { metrics } = this.#host.app;
		if (metrics) this.#metrics.record(metrics, path, outcome);
	}

	#warnOfVolatile(path: string): void {
		if (!this.#host.dev || this.#warned.size >= MAX_WARNED || this.#warned.has(path)) return;
		this.#warned.add(path);
		this.#host.warn(
			`${path} is called with fireAndForget(), and nothing says that its calls may be lost. Wrap it in live.volatile(), or wait for its answer.`
		);
	}

	/** Reports what a handler threw that was not meant for its caller. */
	report({ onError }: DispatchOptions, path: string, error: unknown, context: RequestContext | undefined): void {
		if (onError) contained(onError, this.#host.onError)(path, error, context);
		else this.#host.onError(path, error, context);
	}
}

/** Answers what was not read, because it has too many keys. */
function refuse(ws: Connection, { refused, isBatch }: Refused): void {
	const replies = refused.map((id) => errorReply(id, REFUSED.keys));
	for (const frame of isBatch ? batchFrames(replies) : [replyFrame(refused[0]!, replies[0]!)]) ws.sendOrClose(frame);
}

/** The reply of a subscribe request. What cannot be sent is taken back. */
function granted(id: string, { fields, grant, undo }: Subscribed): string {
	let reply: string;
	try {
		reply = streamReply(id, fields);
	} catch (error) {
		undo();
		throw error;
	}
	if (!grant()) throw new LiveError('CANCELLED', 'The topic was left while it was loaded.');
	return reply;
}
