import type { Connection } from 'svelte-adapter-uws/contract';
import type { Context } from '../define/context.ts';
import { isLiveError, LiveError } from '../shared/error.ts';
import { isPath } from '../shared/path.ts';
import { MAX_BATCH, type RpcRequest } from '../shared/rpc-frame.ts';
import { CallContext, userOf, type Source } from './context.ts';
import type { Host, Installed, OnError } from './host.ts';
import { isRequest, MAX_DEPTH, parseRequest, type Untrusted } from './parse.ts';
import { isThenable } from './pipeline.ts';
import type { Registry } from './registry.ts';
import { batchFrame, errorReply, okReply, replyFrame, streamReply } from './reply.ts';

/** Calls of one connection that may wait for their answer; over it they are refused with `RATE_LIMITED`. */
const MAX_CALLS = 1_000;

/** What one message hook adds to the way of a request. */
export interface DispatchOptions {
	/** Runs after the path is known and before the guard; throwing refuses the call. */
	readonly beforeExecute?: (ws: Connection, path: string, args: readonly unknown[]) => unknown;
	/** Hears what handlers throw that was not meant for the caller. */
	readonly onError?: OnError;
	/** Default 64. */
	readonly maxEnvelopeDepth?: number;
}

/** The way of a request: frame -> path -> installed export -> exactly one reply, whatever happens in between. */
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
		if ('batch' in parsed) void this.#batch(ws, source, parsed.batch, parsed.sequential, options);
		else {
			const { id } = parsed.single;
			const reply = this.#answer(ws, source, parsed.single, options);
			if (id === undefined) return true;
			if (typeof reply === 'string') ws.send(replyFrame(id, reply));
			else void reply.then((settled) => ws.send(replyFrame(id, settled)));
		}
		return true;
	}

	async #batch(ws: Connection, source: Source, entries: readonly unknown[], sequential: boolean, options: DispatchOptions): Promise<void> {
		const refuse = (entry: unknown, why: string): string => {
			const id = typeof entry === 'object' && entry !== null ? (entry as { id?: unknown }).id : undefined;
			return errorReply(typeof id === 'string' ? id : '', new LiveError('INVALID_REQUEST', why));
		};
		const run = (entry: unknown): string | Promise<string> =>
			isRequest(entry) && typeof entry.id === 'string' ? this.#answer(ws, source, entry, options) : refuse(entry, 'A batch entry needs a path and an id.');
		const replies: string[] = [];
		if (entries.length > MAX_BATCH) replies.push(...entries.map((entry) => refuse(entry, `A batch holds at most ${MAX_BATCH} calls. Split it.`)));
		else if (sequential) for (const entry of entries) replies.push(await run(entry));
		else replies.push(...(await Promise.all(entries.map(run))));
		ws.send(batchFrame(replies));
	}

	/** The reply of one request as text; a promise only when something on its way makes one. It never rejects. */
	#answer(ws: Connection, source: Source, request: Untrusted, options: DispatchOptions): string | Promise<string> {
		const id = request.id ?? '';
		let context: Context | undefined;
		const failed = (error: unknown): string => {
			if (!isLiveError(error)) this.#report(options, request.rpc, error, context);
			return errorReply(id, error);
		};
		const succeeded = (value: unknown): string => {
			try {
				return request.stream === true ? streamReply(id, value as object) : okReply(id, value);
			} catch (error) {
				return failed(new Error('The result cannot be sent as JSON.', { cause: error }));
			}
		};
		try {
			if (request.id === '') throw new LiveError('INVALID_REQUEST', 'The id is empty.');
			if (request.args !== undefined && !Array.isArray(request.args)) throw new LiveError('INVALID_REQUEST', 'args must be a list.');
			const scope = this.#host.scope(ws);
			if (scope.calls >= MAX_CALLS) throw new LiveError('RATE_LIMITED', `${MAX_CALLS} calls wait for their answer. Wait for some.`);
			context = new CallContext(source, ws, userOf(ws)) as Context;
			const result = this.#execute(context, ws, request, options);
			if (!isThenable(result)) return succeeded(result);
			scope.calls++;
			return Promise.resolve(result)
				.then(succeeded, failed)
				.finally(() => scope.calls--);
		} catch (error) {
			return failed(error);
		}
	}

	#execute(context: Context, ws: Connection, request: Untrusted, { beforeExecute }: DispatchOptions): unknown {
		const found = this.#registry.find(request.rpc);
		if (!beforeExecute) return isThenable(found) ? found.then((installed) => invoke(context, request, installed)) : invoke(context, request, found);
		return Promise.resolve(found).then(async (installed) => {
			await beforeExecute(ws, request.rpc, request.args ?? []);
			return invoke(context, request, installed);
		});
	}

	#report({ onError }: DispatchOptions, path: string, error: unknown, context: Context | undefined): void {
		if (!onError) return this.#host.onError(path, error, context);
		try {
			onError(path, error, context);
		} catch (thrown) {
			this.#host.onError(path, thrown, context);
		}
	}
}

function invoke(context: Context, request: Untrusted, installed: Installed | undefined): unknown {
	const args: readonly unknown[] = request.args ?? [];
	if (!installed) throw isPath(request.rpc) ? new LiveError('NOT_FOUND') : new LiveError('INVALID_REQUEST', 'Invalid path');
	if (request.stream !== true) {
		if (!installed.call) throw new LiveError('INVALID_REQUEST', 'A stream cannot be called. Subscribe to it.');
		return installed.call(context, args);
	}
	if (!installed.subscribe) throw new LiveError('INVALID_REQUEST', 'This is no stream. Call it.');
	if (request.id === undefined) throw new LiveError('INVALID_REQUEST', 'A subscribe request needs an id.');
	return installed.subscribe(context, args, request as RpcRequest);
}
