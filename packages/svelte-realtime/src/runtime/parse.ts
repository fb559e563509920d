import type { AppSettings } from '../define/app-settings.ts';
import type { Limits } from '../shared/limits.ts';
import type { RpcRequest } from '../shared/rpc-frame.ts';

/** How large the JSON of a request may be, beside its bytes. */
export type Bounds = Pick<Limits, 'maxEnvelopeDepth' | 'maxRequestKeys'>;

/** The bounds of an app, and what one message hook says instead. */
export function boundsOf({ app }: { readonly app: AppSettings }, { maxEnvelopeDepth }: Partial<Bounds>): Bounds {
	return maxEnvelopeDepth === undefined ? app.limits : { ...app.limits, maxEnvelopeDepth };
}

/** One request as it came: only `rpc` and `id` are known to be right. */
export type Untrusted = RpcRequest & Readonly<Record<string, unknown>>;

/** Several requests of one frame. */
export interface Batch {
	readonly entries: readonly unknown[];
	/** One after the other. */
	readonly sequential: boolean;
	/** Answered each by itself, as soon as it can be, rather than together. */
	readonly each: boolean;
}

/** A frame of this protocol. */
export type Parsed = { readonly single: Untrusted } | { readonly batch: Batch } | Refused;

/** What has too many keys, and was not read. */
export interface Refused {
	/** The id of the request, or the ids of those in the batch as far as they can be told. At least one. */
	readonly refused: readonly string[];
	readonly isBatch: boolean;
}

/**
 * Reads a request out of untrusted text. `undefined` means that it is none, and belongs to the app: the first key is neither
 * `rpc` nor `batch`, it does not parse, it is nested too deep, it has too many keys and no id that can be told, or `rpc` or `id` has
 * the wrong type.
 */
export function parseRequest(text: string, { maxEnvelopeDepth, maxRequestKeys }: Bounds): Parsed | undefined {
	if (text.length < 10 || text.charCodeAt(0) !== 0x7b) return undefined;
	const third = text.charCodeAt(2);
	if (third !== 0x72 && third !== 0x62) return undefined;
	if (isDeeper(text, maxEnvelopeDepth)) return undefined;
	if (hasMoreKeys(text, maxRequestKeys)) {
		const isBatch = third === 0x62;
		const refused = isBatch ? idsIn(text) : idAt(text, 0);
		return refused.length > 0 ? { refused, isBatch } : undefined;
	}
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	if (typeof value !== 'object' || value === null) return undefined;
	const frame = value as Readonly<Record<string, unknown>>;
	if (third === 0x62)
		return Array.isArray(frame['batch'])
			? { batch: { entries: frame['batch'], sequential: frame['sequential'] === true, each: frame['each'] === true } }
			: undefined;
	return isRequest(frame) && (frame.id === undefined || typeof frame.id === 'string') ? { single: frame } : undefined;
}

/** Whether a value has a path to call. */
export function isRequest(value: unknown): value is Untrusted {
	return (
		typeof value === 'object' &&
		value !== null &&
		typeof (value as { rpc?: unknown }).rpc === 'string' &&
		(value as { rpc: string }).rpc !== ''
	);
}

/** Whether JSON text is nested deeper than `limit`; what stands in strings does not count. */
export function isDeeper(text: string, limit: number): boolean {
	// Text that cannot be, which is nearly all, is not read unit by unit: what opens has to be closed, and there is little of it.
	if (text.length <= limit || occurrences(text, '[', limit) + occurrences(text, '{', limit) <= limit) return false;
	return exceeds(text, limit, nests);
}

/** How our clients begin a request. */
const HEAD = /^\{"rpc":"[\w/-]*","id":"([\w-]+)"/;
/** Units in which that stands: a path, an id, and the names of both. */
const MAX_HEAD = 512;
/** Nesting of the requests in `{"batch":[{`. */
const DEPTH_IN_BATCH = 3;
/** The shortest field, `"":0`, with what parts it from the next. */
const SHORTEST_FIELD = 5;

/** Whether the objects in JSON text have more keys than `limit`; what stands in strings does not count. */
export function hasMoreKeys(text: string, limit: number): boolean {
	if (text.length < SHORTEST_FIELD * limit || occurrences(text, ':', limit) <= limit) return false;
	return exceeds(text, limit, (unit) => (unit === 0x3a ? 1 : 0));
}

/** The id of the request that begins at `at`; none where it begins in another way than those of our clients. */
function idAt(text: string, at: number): readonly string[] {
	return HEAD.exec(text.slice(at, at + MAX_HEAD))?.slice(1) ?? [];
}

/** The ids of the requests in a batch. */
function idsIn(text: string): readonly string[] {
	const ids: string[] = [];
	let depth = 0;
	walk(text, (unit, at) => {
		depth += nests(unit);
		if (depth === DEPTH_IN_BATCH && unit === 0x7b) ids.push(...idAt(text, at));
		return false;
	});
	return ids;
}

/** By how much a unit of JSON text nests what follows deeper. */
function nests(unit: number): number {
	return unit === 0x7b || unit === 0x5b ? 1 : unit === 0x7d || unit === 0x5d ? -1 : 0;
}

/** Whether the sum of what the units of JSON text weigh is ever over `limit`; what stands in strings weighs nothing. */
function exceeds(text: string, limit: number, weigh: (unit: number) => number): boolean {
	let sum = 0;
	return walk(text, (unit) => (sum += weigh(unit)) > limit);
}

/** Visits the units of JSON text that stand in no string, until one visit says that it is enough; whether one did. */
function walk(text: string, visit: (unit: number, at: number) => boolean): boolean {
	let inString = false;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		if (inString) {
			if (unit === 0x5c) i++;
			else if (unit === 0x22) inString = false;
		} else if (unit === 0x22) inString = true;
		else if (visit(unit, i)) return true;
	}
	return false;
}

/** How often `unit` stands in `text`; counts to just above `limit`. */
function occurrences(text: string, unit: string, limit: number): number {
	let count = 0;
	for (let at = text.indexOf(unit); at >= 0 && count <= limit; at = text.indexOf(unit, at + 1)) count++;
	return count;
}
