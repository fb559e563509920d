import type { Envelope, Position } from 'svelte-adapter-uws/contract';
import { reduceAll } from 'svelte-adapter-uws/merge';
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
}

/** The answer to a subscribe request. */
export interface Snapshot extends StreamOptions {
	readonly data: unknown;
	/** Events at or below it are part of `data`; absent when the server cannot tell. */
	readonly position?: Position | undefined;
	/** No loader stands behind the stream: data that is already there stays. */
	readonly keeps?: boolean;
	/** The gate is closed: there is nothing to see. */
	readonly gated?: boolean;
}

export function emptyState(options: StreamOptions): StreamState {
	return { merge: createMerge(options), base: undefined, pendings: [], value: undefined };
}

/** Takes a value that was loaded elsewhere, such as while the page was rendered. */
export function withData(state: StreamState, data: unknown): StreamState {
	return shown(state, data, state.pendings);
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
	const base = snapshot.gated ? undefined : snapshot.keeps && state.base !== undefined ? state.base : snapshot.data;
	const { position } = snapshot;
	const later = position
		? events.filter((event) => event.position?.epoch !== position.epoch || event.position.seq > position.seq)
		: events;
	return withEvents(shown({ ...state, merge }, base, answered(state.pendings)), later);
}

/** Takes live events, in order. */
export function withEvents(state: StreamState, events: readonly StreamEvent[]): StreamState {
	const { merge } = state;
	let { pendings } = state;
	if (pendings.length > 0) for (const event of events) pendings = confirm(merge, pendings, event);
	return shown(state, reduceAll(merge.reducer, state.base, events), pendings);
}

/** Shows a change before the server has made it. Throws what the change throws. */
export function withChange(state: StreamState, id: number, change: Change, settles: boolean): StreamState {
	const { merge, base } = state;
	return { merge, base, ...push(merge, state.value, state.pendings, { id, change, settles }) };
}

/** Ends a change that `withChange` began; unknown ids are ignored. */
export function withOutcome(state: StreamState, id: number, succeeded: boolean): StreamState {
	const { base, pendings } = settle(state.merge, state.base, state.pendings, id, succeeded);
	return shown(state, base, pendings);
}

function shown(state: StreamState, base: unknown, pendings: Pendings): StreamState {
	if (base === state.base && pendings === state.pendings) return state;
	return { merge: state.merge, base, pendings, value: show(state.merge, base, pendings) };
}

/** The rules with what the answer says about them; absent fields keep what is known. */
function refine(merge: Merge, said: StreamOptions): Merge {
	const { options } = merge;
	const next: Record<string, unknown> = { ...options };
	for (const field of ['merge', 'key', 'prepend', 'max'] as const) if (said[field] !== undefined) next[field] = said[field];
	const same = (['merge', 'key', 'prepend', 'max'] as const).every((field) => next[field] === options[field]);
	return same ? merge : createMerge(next);
}
