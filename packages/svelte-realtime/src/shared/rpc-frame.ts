import type { Position } from 'svelte-adapter-uws/contract';
import type { MergeName } from 'svelte-adapter-uws/merge';
import { RpcError, type ErrorDetails, type Issue } from './error.ts';
import type { Sort } from './order.ts';

/** The trace that a request belongs to; W3C Trace Context. */
export interface TraceFields {
	readonly traceparent?: string | undefined;
}

/** A call, or with `stream` a subscribe request. Without an `id` nobody waits for an answer. */
export interface RpcRequest extends TraceFields {
	readonly rpc: string;
	readonly id?: string;
	readonly args?: readonly unknown[];
	readonly stream?: true;
	/** Of a subscribe request: the last number that the client saw on the stream's topic, and the epoch that it counts in. */
	readonly seq?: number | undefined;
	readonly ep?: string | undefined;
	/** Of a subscribe request: the version of the value that the client has. */
	readonly version?: unknown;
	/** Of a subscribe request: the shape of items that the client was built for. */
	readonly schemaVersion?: number | undefined;
	/** Where one more page begins: the request asks for that alone. */
	readonly cursor?: unknown;
	readonly idempotencyKey?: string | undefined;
}

/** The good answer to a request; the fields behind `data` are those of streams. */
export interface OkReply {
	readonly id?: string;
	readonly ok: true;
	readonly data?: unknown;
	readonly topic?: string;
	readonly merge?: MergeName;
	readonly key?: string;
	readonly prepend?: boolean;
	readonly max?: number;
	readonly seq?: number;
	readonly ep?: string;
	readonly channel?: boolean;
	readonly gated?: boolean;
	/** Nothing has changed since the version that the client has. */
	readonly unchanged?: boolean;
	/** `data` is the rows that changed since, `_deleted: true` on those that are gone. */
	readonly delta?: boolean;
	/** `data` is the events that the client missed; false: they could not be had, and `data` is the whole value. */
	readonly replay?: boolean;
	readonly version?: unknown;
	readonly schemaVersion?: number;
	/** Some events are left out on purpose, so that a jump in their numbers is no gap. */
	readonly sparse?: boolean;
	readonly sort?: Sort;
	readonly limit?: number;
	readonly hasMore?: boolean;
	readonly cursor?: unknown;
}

export interface ErrorReply {
	readonly id?: string;
	readonly ok: false;
	readonly code?: string;
	readonly error?: string;
	readonly issues?: readonly Issue[];
	readonly retryAfter?: number;
}

export type Reply = OkReply | ErrorReply;

/** What a stream's answer says about its value. */
export interface StreamSnapshot extends OkReply {
	readonly data: unknown;
	/** Events at or below it are part of `data`; absent when the server cannot tell. */
	readonly position: Position | undefined;
	/** Only what has changed: rows, or events. */
	readonly changes: Changes | undefined;
	readonly page: Paging | undefined;
}

/** What a client has to do to the value it has. */
export type Changes =
	| { readonly rows: readonly unknown[] }
	| { readonly events: readonly { readonly event: string; readonly data: unknown }[] };

/** Whether there are further pages, and where the next begins. */
export interface Paging {
	readonly hasMore: boolean;
	readonly cursor: unknown;
}

/** Reads `{ data, hasMore, cursor }`; `undefined` for what is no page. */
export function readPage(value: unknown): (Paging & { readonly data: unknown }) | undefined {
	if (typeof value !== 'object' || value === null || Array.isArray(value) || !('data' in value) || !('hasMore' in value))
		return undefined;
	const { data, hasMore, cursor = null } = value as { data: unknown; hasMore: unknown; cursor?: unknown };
	return { data, hasMore: Boolean(hasMore), cursor };
}

/** The event under which the answers of a batch arrive together. */
export const BATCH_EVENT = '__batch';
/** A call without an answer whose arguments are the ids of requests that the client no longer wants. Servers that do not know it ignore it. */
export const CANCEL_PATH = '__rpc/cancel';
/** The most requests in one batch. */
export const MAX_BATCH = 50;

/** Tells the server that nobody waits for these requests any more. */
export function encodeCancel(ids: readonly string[]): string {
	return JSON.stringify({ rpc: CANCEL_PATH, args: ids });
}

/** A request as text, `rpc` first: that is how the server knows it. Throws what JSON.stringify throws. */
export function encodeRequest({ rpc, ...rest }: { readonly rpc: string }): string {
	return JSON.stringify({ rpc, ...rest });
}

/** The answers in one envelope of the topic `__rpc`, by id. Anything that is no answer is left out. */
export function readReplies(event: string, data: unknown): readonly (readonly [id: string, reply: Reply])[] {
	if (event !== BATCH_EVENT) return isReply(data) ? [[event, data]] : [];
	const batch = typeof data === 'object' && data !== null ? (data as { batch?: unknown }).batch : undefined;
	if (!Array.isArray(batch)) return [];
	return batch.filter(isReply).flatMap((reply) => (typeof reply.id === 'string' ? [[reply.id, reply] as const] : []));
}

function isReply(value: unknown): value is Reply {
	return typeof value === 'object' && value !== null && typeof (value as { ok?: unknown }).ok === 'boolean';
}

/** The error that an answer stands for. */
export function rpcErrorOf(
	{ code, error, issues, retryAfter }: ErrorReply,
	details: Pick<ErrorDetails, 'indeterminate'> = {}
): RpcError {
	return new RpcError(code ?? 'UNKNOWN', error, { ...details, issues, retryAfter });
}

/** What a stream's answer says: its value, and the topic that its events arrive on. */
export function readSnapshot(reply: OkReply): { readonly topic: string | undefined; readonly snapshot: StreamSnapshot } {
	const { topic, data, seq, ep } = reply;
	const changes = changesIn(reply);
	const page = changes ? undefined : readPage(reply);
	const snapshot = {
		...reply,
		data,
		position: typeof seq === 'number' ? { epoch: ep ?? '', seq } : undefined,
		changes,
		page: page && { hasMore: page.hasMore, cursor: page.cursor }
	};
	return { topic: typeof topic === 'string' ? topic : undefined, snapshot };
}

function changesIn({ unchanged, delta, replay, data }: OkReply): Changes | undefined {
	if (unchanged) return { events: [] };
	const list = Array.isArray(data) ? (data as readonly unknown[]) : [];
	if (delta) return { rows: list };
	return replay ? { events: list.filter(isEvent) } : undefined;
}

function isEvent(value: unknown): value is { readonly event: string; readonly data: unknown } {
	return (
		typeof value === 'object' && value !== null && typeof (value as { event?: unknown }).event === 'string' && 'data' in value
	);
}
