import { reduceAll } from 'svelte-adapter-uws/merge';
import type { Merge, StreamEvent } from './merge.ts';

/** A change that is shown before the server has made it: an event of the stream, or a function over a shallow copy of the value. */
export type Change<T = any> = { readonly event: string; readonly data: unknown } | ((draft: T) => T | void);

/** One change that is shown on top of what the server said. */
export interface Pending {
	readonly id: number;
	readonly change: Change;
	/** True when an operation tells how it ended; false when only a rollback or the server's own event ends it. */
	readonly settles: boolean;
	/** The rows it touches, by key. */
	readonly keys: ReadonlySet<unknown>;
	/** The server has said the same. */
	readonly confirmed: boolean;
	/** Made before the load that is running, whose answer therefore decides about it. */
	readonly old: boolean;
}

/** Pending changes, oldest first. Every function here gives the same array back when nothing changed. */
export type Pendings = readonly Pending[];

/** The most changes that may be pending on one stream. */
export const MAX_OPTIMISTIC_QUEUE_DEPTH = 1000;

/** What the page shows: the server's value with every pending change on top. A change that no longer applies is left out. */
export function show(merge: Merge, base: unknown, pendings: Pendings): unknown {
	let value = base;
	let events: StreamEvent[] = [];
	const take = (): void => {
		if (events.length > 0) value = reduceAll(merge.reducer, value === undefined ? merge.initial : value, events);
		events = [];
	};
	for (const { change, confirmed } of pendings) {
		if (confirmed && !repeatable(merge, change)) continue;
		if (typeof change !== 'function') {
			events.push(change);
			continue;
		}
		take();
		value = attempt(merge, value, change);
	}
	take();
	return value;
}

/** Appends a change to what is shown now. Throws what the change throws. */
export function push(
	merge: Merge,
	shown: unknown,
	pendings: Pendings,
	added: Pick<Pending, 'id' | 'change' | 'settles'>
): { readonly value: unknown; readonly pendings: Pendings } {
	const value = apply(merge, shown, added.change);
	const keys = typeof added.change === 'function' ? touched(merge, shown, value) : new Set([merge.key(added.change.data)]);
	return { value, pendings: [...pendings, { ...added, keys, confirmed: false, old: false }] };
}

/** Notes that the server said `event`. Changes that have no operation to wait for are over then. */
export function confirm(merge: Merge, pendings: Pendings, event: StreamEvent): Pendings {
	const replaced = event.event === 'refreshed';
	let changed = false;
	const next: Pending[] = [];
	for (const pending of pendings) {
		const hit = replaced ? !pending.settles : !pending.confirmed && confirms(merge, pending, event);
		changed ||= hit;
		if (!hit) next.push(pending);
		else if (pending.settles) next.push({ ...pending, confirmed: true });
	}
	return changed ? next : pendings;
}

/** Ends a change. When it succeeded and the server has not said the same, it becomes part of the server's value. */
export function settle(
	merge: Merge,
	base: unknown,
	pendings: Pendings,
	id: number,
	succeeded: boolean
): { readonly base: unknown; readonly pendings: Pendings } {
	const found = pendings.find((pending) => pending.id === id);
	if (!found) return { base, pendings };
	return {
		base: succeeded && !found.confirmed ? attempt(merge, base, found.change) : base,
		pendings: pendings.filter((pending) => pending !== found)
	};
}

/** A load begins: its answer is newer than everything pending now. */
export function age(pendings: Pendings): Pendings {
	return pendings.some((pending) => !pending.settles && !pending.old)
		? pendings.map((pending) => ({ ...pending, old: true }))
		: pendings;
}

/** A load has answered: changes made before it began that nothing will settle are decided by the answer. */
export function answered(pendings: Pendings): Pendings {
	return pendings.some((pending) => pending.old && !pending.settles)
		? pendings.filter((pending) => pending.settles || !pending.old)
		: pendings;
}

/** Whether applying a change over its own outcome changes nothing. */
function repeatable(merge: Merge, change: Change): boolean {
	return typeof change !== 'function' && merge.name !== 'latest';
}

function apply(merge: Merge, value: unknown, change: Change): unknown {
	const from = value === undefined ? merge.initial : value;
	if (typeof change !== 'function') return merge.reducer.reduce(from, change.event, change.data);
	const draft = Array.isArray(from) ? [...from] : typeof from === 'object' && from !== null ? { ...from } : from;
	const next: unknown = change(draft);
	return next === undefined ? draft : next;
}

function attempt(merge: Merge, value: unknown, change: Change): unknown {
	try {
		return apply(merge, value, change);
	} catch {
		return value;
	}
}

function confirms(merge: Merge, pending: Pending, { event, data }: StreamEvent): boolean {
	if (merge.name === 'set') return true;
	const key = merge.key(data);
	const { change } = pending;
	if (key !== undefined && pending.keys.has(key))
		return typeof change === 'function' || merge.removes(change.event) === merge.removes(event);
	return merge.name === 'latest' && typeof change !== 'function' && JSON.stringify(change.data) === JSON.stringify(data);
}

/** The keys of the rows that a function added, replaced or removed. */
function touched(merge: Merge, before: unknown, after: unknown): Set<unknown> {
	const was = new Set<unknown>(Array.isArray(before) ? before : []);
	const is = new Set<unknown>(Array.isArray(after) ? after : []);
	const keys = new Set<unknown>();
	for (const row of was) if (!is.has(row)) keys.add(merge.key(row));
	for (const row of is) if (!was.has(row)) keys.add(merge.key(row));
	return keys;
}
