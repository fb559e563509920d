import { Group as OneGroup, type GroupOptions } from '../service/groups/group.ts';
import { processParts } from './parts.ts';

export type { GroupHooks, GroupMember, GroupOptions, GroupRole } from '../service/groups/group.ts';

/** A named set of connections. */
export type Group<Meta extends object = Record<string, unknown>> = Pick<OneGroup<Meta>, keyof OneGroup<Meta>>;

/**
 * Makes a group that connections join and leave, with events for its members alone. Throws for a bad name or option.
 *
 * @example
 * const lobby = createGroup('lobby', { maxMembers: 50 });
 * export const { message, unsubscribe, close } = lobby.hooks;
 */
export function createGroup<Meta extends object = Record<string, unknown>>(
	name: string,
	options: GroupOptions<Meta> = {}
): Group<Meta> {
	return new OneGroup<Meta>(name, { onError: processParts('groups').onError, ...options });
}
