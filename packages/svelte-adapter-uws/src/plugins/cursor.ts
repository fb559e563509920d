import type { Stores } from '../contract/stores.ts';
import { createRandomId } from '../host/random-id.ts';
import { Cursors, type CursorOptions } from '../service/cursor/cursor.ts';
import type { CursorEntry } from '../service/cursor/entry.ts';
import { SharedCursors } from '../service/cursor/shared-cursors.ts';
import { checkSpan } from '../service/plugin/check.ts';
import { processParts } from './parts.ts';

export type { CursorHooks, CursorOptions } from '../service/cursor/cursor.ts';
export type { CursorEntry } from '../service/cursor/entry.ts';

/** Where everybody points, by topic. */
export type CursorTracker = Pick<Cursors, keyof Cursors>;

/** The same with a list of all workers. */
export interface SharedCursorTracker extends Omit<CursorTracker, 'list'> {
	/** Copies of all cursors of a topic; a position may be a second old. */
	list(topic: string): Promise<CursorEntry[]>;
}

/** Options of cursors whose list all workers share. */
export interface SharedCursorOptions<UserData = any> extends CursorOptions<UserData> {
	/** `platform.stores`. */
	readonly stores: Pick<Stores, 'cursor' | 'node'>;
	/** Milliseconds after which the cursors of a worker that died are gone. Default 30,000. */
	readonly ttl?: number;
}

/**
 * Shows clients of a topic where the others point. Moves go to all workers; who comes gets the cursors of its own one, or with `stores`
 * of all. Export its hooks from `src/hooks.ws`; call them from your own ones, after you have decided who may come. Throws a RangeError
 * for an option out of range.
 *
 * @example
 * const cursors = createCursor({ select: ({ id, name }) => ({ id, name }) });
 * export const { subscribe, unsubscribe, message, close } = cursors.hooks;
 */
export function createCursor<UserData = any>(options: SharedCursorOptions<UserData>): SharedCursorTracker;
export function createCursor<UserData = any>(options?: CursorOptions<UserData>): CursorTracker;
export function createCursor(options: CursorOptions & Partial<SharedCursorOptions> = {}): CursorTracker | SharedCursorTracker {
	const { stores, ttl = 30_000, ...own } = options;
	const parts = { ...processParts('cursor'), randomId: createRandomId(), ...own };
	if (!stores) return new Cursors(parts);
	const { clock, onError } = parts;
	const ttlMs = checkSpan('createCursor: ttl', ttl);
	const shared = new SharedCursors({ store: stores.cursor, node: stores.node, ttlMs, clock, onError });
	const cursors = new Cursors({ ...parts, shared });
	return {
		attach: (...args) => cursors.attach(...args),
		detach: (...args) => cursors.detach(...args),
		update: (...args) => cursors.update(...args),
		remove: (...args) => cursors.remove(...args),
		snapshot: (...args) => cursors.snapshot(...args),
		clear: () => cursors.clear(),
		hooks: cursors.hooks,
		list: (topic) => shared.list(topic)
	};
}
