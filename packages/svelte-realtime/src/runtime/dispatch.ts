import type { Connection } from 'svelte-adapter-uws/contract';
import { isLiveError, LiveError } from '../shared/error.ts';
import { isPath } from '../shared/path.ts';
import { BATCH_EVENT, MAX_BATCH, type RpcRequest } from '../shared/rpc-frame.ts';
import { checkPayload, parseBinary } from './binary.ts';
import { CallContext, userOf, type Source } from './context.ts';
import type { Host, OnError, Subscribed } from './host.ts';
import { contained } from './on-error.ts';
import { isRequest, MAX_DEPTH, parseRequest, type Untrusted } from './parse.ts';
import { after, isThenable, pass } from './pipeline.ts';
import type { Endpoint, Registry } from './registry.ts';
import { batchFrames, errorReply, okReply, replyFrame, streamReply } from './reply.ts';

/** Calls of one connection that may wait for their answer; over it they are refused with `RATE_LIMITED`. */
const MAX_CALLS = 1_000;

// Made once: a stack for each bad request would cost ten times the rest of it, and would tell nothing.
const REFUSED = {
	id: new LiveError('INVALID_REQUEST', 'The id is not valid.'),
	args: new LiveError('INVALID_REQUEST', 'args must be a list.'),
	path: new LiveError('INVALID_REQUEST', 'Invalid path'),
	unknown: new LiveError('NOT_FOUND'),
	notCallable: new LiveError('INVALID_REQUEST', 'This cannot be called. Subscribe to it if it is a stream.'),
	noStream: new LiveError('INVALID_REQUEST', 'This is no stream. Call it.'),
	noId: new LiveError('INVALID_REQUEST', 'A subscribe request needs an id.'),
	tooMany: new LiveError('RATE_LIMITED', `${MAX_CALLS} calls wait for their answer. Wait for some.`),
	entry: new LiveError('INVALID_REQUEST', 'A batch entry needs a path and an id.'),
	batch: new LiveError('INVALID_REQUEST', `A batch holds at most ${MAX_BATCH} calls.`)
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

	constructor(host: Host, registry: Registry) {
		this.#host = host;
		this.#registry = registry;
	}

	/** Takes a text frame. False: it is no request, and belongs to the app. */
	receive(ws: Connection, source: Source, text: string, options: DispatchOptions): boolean {
		const parsed = parseRequest(text, options.maxEnvelopeDepth ?? MAX_DEPTH);
		if (!parsed) return false;
		if ('batch' in parsed) {
			this.#batch(ws, source, parsed.batch, parsed.sequential, options);
			return true;
		}
		this.#single(ws, source, parsed.single, options);
		return true;
	}

	/** Takes a binary frame. False: it is no call. */
	receiveBinary(ws: Connection, source: Source, frame: ArrayBuffer, options: DispatchOptions): boolean {
		const request = parseBinary(frame, options.maxEnvelopeDepth ?? MAX_DEPTH);
		if (!request) return false;
		this.#single(ws, source, request, options);
		return true;
	}

	#single(ws: Connection, source: Source, request: Untrusted, options: DispatchOptions): void {
		const { id } = request;
		const reply = this.#answer(ws, source, request, options);
		if (id === undefined) return;
		if (typeof reply === 'string') ws.send(replyFrame(id, reply));
		else void reply.then((settled) => ws.send(replyFrame(id, settled)));
	}

	#batch(ws: Connection, source: Source, entries: readonly unknown[], sequential: boolean, options: DispatchOptions): void {
		const run = (entry: unknown): string | Promise<string> =>
			isRequest(entry) && typeof entry.id === 'string' ? this.#answer(ws, source, entry, options) : refuse(entry, REFUSED.entry);
		const send = (replies: readonly string[]): void => {
			for (const frame of batchFrames(replies)) ws.send(frame);
		};
		if (entries.length > MAX_BATCH) {
			const named = entries.filter((entry) => typeof idOf(entry) === 'string');
			return send((named.length > 0 ? named : [null]).map((entry) => refuse(entry, REFUSED.batch)));
		}
		if (sequential) return void inOrder(entries, run).then(send);
		const replies = entries.map(run);
		if (replies.every((reply) => typeof reply === 'string')) send(replies);
		else void Promise.all(replies).then(send);
	}

	/** The reply of one request as text; a promise only when something on its way makes one. It never rejects. */
	#answer(ws: Connection, source: Source, request: Untrusted, options: DispatchOptions): string | Promise<string> {
		const id = request.id ?? '';
		let context: CallContext | undefined;
		const failed = (error: unknown): string => {
			if (!isLiveError(error)) this.#report(options, request.rpc, error, context);
			return errorReply(id, error);
		};
		const succeeded = (value: unknown): string => {
			try {
				return request.stream === true ? granted(id, value as Subscribed) : okReply(id, value);
			} catch (error) {
				const isTold = isLiveError(error);
				const unsent = isTold ? error : new Error('The result cannot be sent as JSON.', { cause: error });
				// That a result is too large is for the app to know, although its caller hears of it too.
				if (isTold && error.code === 'PAYLOAD_TOO_LARGE') this.#report(options, request.rpc, error, context);
				return failed(unsent);
			}
		};
		try {
			if (request.id === '' || request.id === BATCH_EVENT) throw REFUSED.id;
			if (request.args !== undefined && !Array.isArray(request.args)) throw REFUSED.args;
			const scope = this.#host.scope(ws);
			if (scope.calls >= MAX_CALLS) throw REFUSED.tooMany;
			const made = (context = new CallContext({
				pacing: this.#host.pacing,
				platform: source.platform,
				ws,
				user: userOf(ws),
				cursor: request.cursor
			}));
			const found = this.#registry.find(request.rpc);
			const result = isThenable(found)
				? found.then((endpoint) => enter(made, ws, request, endpoint, options))
				: enter(made, ws, request, found, options);
			if (!isThenable(result)) return succeeded(result);
			scope.calls++;
			return Promise.resolve(result).then(
				(value) => (scope.calls--, succeeded(value)),
				(error: unknown) => (scope.calls--, failed(error))
			);
		} catch (error) {
			return failed(error);
		}
	}

	#report({ onError }: DispatchOptions, path: string, error: unknown, context: CallContext | undefined): void {
		if (onError) contained(onError, this.#host.onError)(path, error, context);
		else this.#host.onError(path, error, context);
	}
}

async function inOrder(entries: readonly unknown[], run: (entry: unknown) => string | Promise<string>): Promise<string[]> {
	const replies: string[] = [];
	for (const entry of entries) replies.push(await run(entry));
	return replies;
}

/** Kind, guard, hook, handler. Gives a promise only when one of them does. */
function enter(
	context: CallContext,
	ws: Connection,
	request: Untrusted,
	endpoint: Endpoint | undefined,
	{ beforeExecute }: DispatchOptions
): unknown {
	if (!endpoint || endpoint.isInternal) throw isPath(request.rpc) ? REFUSED.unknown : REFUSED.path;
	const { installed, guard } = endpoint;
	const args: readonly unknown[] = request.args ?? [];
	if (request.stream === true) {
		if (!installed.subscribe) throw REFUSED.noStream;
		if (request.id === undefined) throw REFUSED.noId;
	} else if (!installed.call) throw REFUSED.notCallable;
	else checkPayload(installed, request);
	const run = (): unknown =>
		request.stream === true ? installed.subscribe!(context, args, request as RpcRequest) : installed.call!(context, args);
	if (!guard && !beforeExecute) return run();
	return after(guard && pass(guard, context), () => after(beforeExecute?.(ws, request.rpc, args), run));
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

function idOf(entry: unknown): unknown {
	return typeof entry === 'object' && entry !== null ? (entry as { id?: unknown }).id : undefined;
}

function refuse(entry: unknown, why: LiveError): string {
	const id = idOf(entry);
	return errorReply(typeof id === 'string' ? id : '', why);
}
