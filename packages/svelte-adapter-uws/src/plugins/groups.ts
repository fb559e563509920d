import type { Clock } from '../contract/clock.ts';
import type { Connection } from '../contract/connection.ts';
import type { Platform } from '../contract/platform.ts';
import type { Stores } from '../contract/stores.ts';
import { Group as AnyGroup } from '../service/groups/group.ts';
import { LocalLedger, SharedLedger } from '../service/groups/ledger.ts';
import { checkGroup, type GroupOptions, type GroupRole } from '../service/groups/options.ts';
import { checkSpan } from '../service/plugin/check.ts';
import { processParts } from './parts.ts';

export type { GroupMember } from '../service/groups/group.ts';
export type { GroupHooks, GroupOptions, GroupRole } from '../service/groups/options.ts';

/** A named set of connections of this process. */
export interface Group<Meta extends object = Record<string, unknown>> extends Pick<
	AnyGroup<Meta>,
	'name' | 'meta' | 'publish' | 'send' | 'members' | 'has' | 'hooks'
> {
	/** True when the connection is a member then. False when the group is closed or full, the connection is gone, or `onJoin` throws. */
	join(ws: Connection, platform: Platform, role?: GroupRole): boolean;
	/** False when the connection was no member. */
	leave(ws: Connection, platform: Platform): boolean;
	count(): number;
	/** Ends the group for good: its members hear it and are out. Idempotent. */
	close(platform: Platform): void;
}

/** A member of a group that all workers share. */
export interface SharedGroupMember {
	readonly id: string;
	/** The worker that holds its connection. */
	readonly node: string;
	readonly role: GroupRole;
}

/** The same over all workers: what has to be asked gives a promise, which rejects when the store does. */
export interface SharedGroup<Meta extends object = Record<string, unknown>> extends Pick<
	AnyGroup<Meta>,
	'name' | 'meta' | 'publish' | 'send' | 'has' | 'hooks'
> {
	join(ws: Connection, platform: Platform, role?: GroupRole): Promise<boolean>;
	leave(ws: Connection, platform: Platform): Promise<boolean>;
	/** Of all workers, in the order of joining. */
	members(): Promise<readonly SharedGroupMember[]>;
	/** Those of this worker. */
	localMembers: AnyGroup<Meta>['members'];
	/** Of all workers. */
	count(): Promise<number>;
	/** Ends the group on all workers, for `closedTtl`. */
	close(platform: Platform): Promise<void>;
}

/** Options of a group that all workers share. */
export interface SharedGroupOptions<Meta extends object = Record<string, unknown>> extends GroupOptions<Meta> {
	/** `platform.stores`. */
	readonly stores: Pick<Stores, 'group' | 'node'>;
	/** Milliseconds after which the members of a worker that died are gone. Default 30,000. */
	readonly ttl?: number;
	/** Milliseconds for which a group that was closed takes nobody in. Default 86,400,000. */
	readonly closedTtl?: number;
	/** Default the time of the machine. */
	readonly clock?: Clock;
}

/**
 * Makes a group that connections join and leave, with events for its members alone. With `stores` it is one group on all workers: make
 * it on each of them, in `init`. Throws for a bad name or option.
 *
 * @example
 * const lobby = createGroup('lobby', { maxMembers: 50 });
 * export const { message, unsubscribe, close } = lobby.hooks;
 */
export function createGroup<Meta extends object = Record<string, unknown>>(
	name: string,
	options: SharedGroupOptions<Meta>
): SharedGroup<Meta>;
export function createGroup<Meta extends object = Record<string, unknown>>(
	name: string,
	options?: GroupOptions<Meta>
): Group<Meta>;
export function createGroup<Meta extends object = Record<string, unknown>>(
	name: string,
	options: GroupOptions<Meta> & Partial<SharedGroupOptions<Meta>> = {}
): Group<Meta> | SharedGroup<Meta> {
	const { stores, ttl = 30_000, closedTtl = 86_400_000, ...own } = options;
	const { maxMembers } = own;
	checkGroup(name, own);
	const parts = { ...processParts('groups'), ...own };
	const limit = maxMembers === undefined ? {} : { maxMembers };
	if (!stores) {
		const ledger = new LocalLedger(maxMembers);
		const group = new AnyGroup<Meta>(name, { ...parts, ledger, prefix: '' });
		// A ledger that answers at once makes a group that does.
		return {
			...face(group),
			join: (...args) => group.join(...args) as boolean,
			leave: (...args) => group.leave(...args) as boolean,
			close: (platform) => void group.close(platform),
			members: () => group.members(),
			count: () => ledger.members().length
		};
	}
	const ttlMs = checkSpan('createGroup: ttl', ttl);
	const closedMs = checkSpan('createGroup: closedTtl', closedTtl);
	const { group: store, node } = stores;
	const ledger = new SharedLedger({ store, node, group: name, ttlMs, closedMs, ...limit });
	const group = new AnyGroup<Meta>(name, { ...parts, ledger, prefix: `${node}:` });
	return {
		...face(group),
		join: async (...args) => group.join(...args),
		leave: async (...args) => group.leave(...args),
		close: async (platform) => group.close(platform),
		localMembers: () => group.members(),
		count: async () => (await ledger.members()).length,
		members: async () => (await ledger.members()) as readonly SharedGroupMember[]
	};
}

function face<Meta extends object>(
	group: AnyGroup<Meta>
): Pick<AnyGroup<Meta>, 'name' | 'meta' | 'publish' | 'send' | 'has' | 'hooks'> {
	return {
		name: group.name,
		meta: group.meta,
		hooks: group.hooks,
		publish: (...args) => group.publish(...args),
		send: (...args) => group.send(...args),
		has: (ws) => group.has(ws)
	};
}
