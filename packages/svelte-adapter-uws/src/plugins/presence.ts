import type { Stores } from '../contract/stores.ts';
import { checkSpan } from '../service/plugin/check.ts';
import { Presence, type PresenceHooks, type PresenceOptions } from '../service/presence/presence.ts';
import { LocalRoster, SharedRoster } from '../service/presence/roster.ts';
import { processParts } from './parts.ts';

export type { PresenceHooks, PresenceOptions } from '../service/presence/presence.ts';

/** Options of a presence that all workers share. */
export interface SharedPresenceOptions<UserData = any> extends PresenceOptions<UserData> {
	/** `platform.stores`. */
	readonly stores: Pick<Stores, 'presence' | 'node'>;
	/** Milliseconds after which the members of a worker that died are gone. Default 30,000. */
	readonly ttl?: number;
}

/** Who is in which topic. */
export interface PresenceTracker extends Pick<Presence, 'join' | 'leave' | 'sync' | 'flushDiffs' | 'clear'> {
	/** Copies of the data of everybody in a topic. */
	list(topic: string): unknown[];
	/** Number of different keys in a topic. */
	count(topic: string): number;
	readonly hooks: PresenceHooks;
}

/** The same over all workers: what has to be asked gives a promise. */
export interface SharedPresenceTracker extends Omit<PresenceTracker, 'list' | 'count'> {
	list(topic: string): Promise<unknown[]>;
	count(topic: string): Promise<number>;
}

/**
 * Says who is in a topic, and tells clients who came and who left. Export its hooks from `src/hooks.ws`; call them from your own
 * ones, after you have decided who may come. Throws a RangeError for an option out of range.
 *
 * @example
 * const presence = createPresence({ select: ({ id, name }) => ({ id, name }) });
 * export const { subscribe, unsubscribe, message, close } = presence.hooks;
 */
export function createPresence<UserData = any>(options: SharedPresenceOptions<UserData>): SharedPresenceTracker;
export function createPresence<UserData = any>(options?: PresenceOptions<UserData>): PresenceTracker;
export function createPresence(
	options: PresenceOptions & Partial<SharedPresenceOptions> = {}
): PresenceTracker | SharedPresenceTracker {
	const { stores, ttl = 30_000, ...own } = options;
	const parts = { ...processParts('presence'), ...own };
	if (!stores) {
		const roster = new LocalRoster();
		const presence = new Presence({ ...parts, roster, anonymous: '', relay: false });
		return { ...face(presence), list: (topic) => [...roster.all(topic).values()], count: (topic) => roster.count(topic) };
	}
	const roster = new SharedRoster(stores.presence, stores.node, checkSpan('createPresence: ttl', ttl));
	const renew = { everyMs: ttl / 3, run: (topics: readonly string[]) => roster.touch(topics) };
	const presence = new Presence({ ...parts, roster, anonymous: `${stores.node}:`, relay: true, renew });
	return {
		...face(presence),
		list: async (topic) => [...(await roster.all(topic)).values()],
		count: async (topic) => (await roster.all(topic)).size
	};
}

function face(presence: Presence): Omit<PresenceTracker, 'list' | 'count'> {
	return {
		join: (...args) => presence.join(...args),
		leave: (...args) => presence.leave(...args),
		sync: (...args) => presence.sync(...args),
		flushDiffs: () => presence.flushDiffs(),
		clear: () => presence.clear(),
		hooks: presence.hooks
	};
}
