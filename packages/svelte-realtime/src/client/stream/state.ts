import type { Envelope, Position } from 'svelte-adapter-uws/contract';
import { reduceAll } from 'svelte-adapter-uws/merge';
import { readPage, type Changes, type Paging } from '../../shared/rpc-frame.ts';
import { createMerge, type Merge, type StreamEvent, type StreamOptions } from './merge.ts';
import { age, answered, confirm, push, settle, show, type Change, type Pendings } from './optimistic.ts';

/** What the page knows of one stream. Never changed: every function here gives a new one, or the same when nothing changed. */
export interface StreamState {
	readonly merge: Merge;
	/** What the server said, its events included; `undefined` before the first data. */
	readonly base: unknown;
	readonly pendings: Pendings;
	/** `base` with the pending changes on top: what the page shows. */
	readonly value: unknown;
	/** Of a value that comes in pages. */
	readonly page: Paging | undefined;
}

/** The answer to a subscribe request. */
export interface Snapshot extends Omit<StreamOptions, 'version'> {
	readonly data: unknown;
	/** Events at or below it are part of `data`; absent when the server cannot tell. */
	readonly position?: Position | undefined;
	/** No loader stands behind the stream: data that is already there stays. */
	readonly channel?: boolean;
	/** The gate is closed: there is nothing to see. */
	readonly gated?: boolean;
	/** Instead of `data`: what has changed since the value that is there. */
	readonly changes?: Changes | undefined;
	readonly page?: Paging | undefined;
}

export function emptyState(options: StreamOptions): StreamState {
	return { merge: createMerge(options), base: undefined, pendings: [], value: undefined, page: undefined };
}

/** Takes a value that was loaded elsewhere, such as while the page was rendered. */
export function withData(state: StreamState, data: unknown): StreamState {
	const page = readPage(data);
	return shown({ ...state, page }, page ? page.data : data, state.pendings);
}

/** A load begins. */
export function withLoad(state: StreamState): StreamState {
	return shown(state, state.base, age(state.pendings));
}

/**
 * Takes the answer of a load, and then `events`: everything of the topic that came since the request left, in order. The
 * subscription is older than the answer, so no event is missed; those that the answer already contains change nothing.
 */
export function withSnapshot(state: StreamState, snapshot: Snapshot, events: readonly Envelope[]): StreamState {
	const merge = refine(state.merge, snapshot);
	const { changes, page } = snapshot;
	const next = changes || snapshot.channel ? state : { ...state, page };
	const base = changes
		? changed(merge, state.base, changes)
		: snapshot.gated
			? undefined
			: snapshot.channel && state.base !== undefined
				? state.base
				: snapshot.data;
	const { position } = snapshot;
	const later = position
		? events.filter((event) => event.position?.epoch !== position.epoch || event.position.seq > position.seq)
		: events;
	return withEvents(shown(next, base, answered(state.pendings), merge), later);
}

/** Takes one more page, and then `events`: everything of the topic that came since the page was asked for. */
export function withPage(state: StreamState, data: unknown, page: Paging, events: readonly StreamEvent[]): StreamState {
	const { merge, base } = state;
	const rows = Array.isArray(data) ? (data as readonly unknown[]) : [];
	const had = Array.isArray(base) ? (base as readonly unknown[]) : [];
	// A row of both is the same row, and the younger one stands for it.
	const fresh = new Map(rows.map((row) => [merge.key(row), row]));
	fresh.delete(undefined);
	const kept = had.map((row) => fresh.get(merge.key(row)) ?? row);
	const known = new Set(had.map((row) => merge.key(row)));
	const added = rows.filter((row) => {
		const key = merge.key(row);
		return key === undefined || !known.has(key);
	});
	const next = merge.options.prepend ? [...added, ...kept] : [...kept, ...added];
	return withEvents(shown({ ...state, page }, next, state.pendings), events);
}

/** Takes live events, in order. */
export function withEvents(state: StreamState, events: readonly StreamEvent[]): StreamState {
	const { merge } = state;
	let { pendings, page } = state;
	const plain = events.map((event) => {
		const whole = event.event === 'refreshed' ? readPage(event.data) : undefined;
		if (event.event === 'refreshed') page = whole && { hasMore: whole.hasMore, cursor: whole.cursor };
		return whole ? { event: event.event, data: whole.data } : event;
	});
	if (pendings.length > 0) for (const event of plain) pendings = confirm(merge, pendings, event);
	return shown(page === state.page ? state : { ...state, page }, reduceAll(merge.reducer, state.base, plain), pendings);
}

/** Shows a change before the server has made it. Throws what the change throws. */
export function withChange(state: StreamState, id: number, change: Change, settles: boolean): StreamState {
	const { merge } = state;
	const { value, pendings } = push(merge, state.value, state.pendings, { id, change, settles });
	return { ...state, pendings, value: merge.arrange(value) };
}

/** Ends a change that `withChange` began; unknown ids are ignored. */
export function withOutcome(state: StreamState, id: number, succeeded: boolean): StreamState {
	const { base, pendings } = settle(state.merge, state.base, state.pendings, id, succeeded);
	return shown(state, base, pendings);
}

/** The same, unless something has changed. Other rules show another value, even of what has not. */
function shown(state: StreamState, base: unknown, pendings: Pendings, merge = state.merge): StreamState {
	if (base === state.base && pendings === state.pendings && merge === state.merge) return state;
	return { ...state, merge, base, pendings, value: merge.arrange(show(merge, base, pendings)) };
}

/** The value with what has changed of it. */
function changed(merge: Merge, base: unknown, changes: Changes): unknown {
	const events = 'rows' in changes ? changes.rows.map((row) => merge.change(row)) : changes.events;
	return events.length === 0 ? base : reduceAll(merge.reducer, base === undefined ? merge.initial : base, events);
}

const RULES = ['merge', 'key', 'prepend', 'max', 'sort', 'limit'] as const;

/** The rules with what the answer says about them; absent fields keep what is known. */
function refine(merge: Merge, said: Pick<StreamOptions, (typeof RULES)[number]>): Merge {
	let next = merge.options;
	for (const field of RULES) {
		const value = said[field];
		if (value !== undefined && value !== next[field]) next = { ...next, [field]: value };
	}
	return next === merge.options ? merge : createMerge(next);
}
