import { createRandomId } from '../host/random-id.ts';
import { Cursors, type CursorOptions } from '../service/cursor/cursor.ts';
import { processParts } from './parts.ts';

export type { CursorEntry, CursorHooks, CursorOptions } from '../service/cursor/cursor.ts';

/** Where everybody points, by topic. */
export type CursorTracker = Pick<Cursors, keyof Cursors>;

/**
 * Shows clients of a topic where the others point. Export its hooks from `src/hooks.ws`; call them from your own ones, after you have
 * decided who may come. Throws a RangeError for an option out of range.
 *
 * @example
 * const cursors = createCursor({ select: ({ id, name }) => ({ id, name }) });
 * export const { subscribe, unsubscribe, message, close } = cursors.hooks;
 */
export function createCursor<UserData = any>(options: CursorOptions<UserData> = {}): CursorTracker {
	return new Cursors({ ...processParts('cursor'), randomId: createRandomId(), ...options });
}
