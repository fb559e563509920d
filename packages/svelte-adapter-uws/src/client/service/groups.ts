import type { Readable } from '../../contract/client.ts';
import { createCell, type Cell } from '../cell.ts';
import { onlyOnce } from '../guard.ts';
import { openPage } from '../page.ts';
import { toEvent, type WSEvent } from '../store/topic.ts';
import { remember } from './remember.ts';
import { startSession } from './session.ts';

/** A member, as the others see it. */
export interface GroupMemberClient {
	/** Where all workers share the group. */
	readonly id?: string;
	readonly role: 'member' | 'admin' | 'viewer';
}

/** The latest event of a group; `null` before the first. */
export interface GroupStore extends Readable<WSEvent | null> {
	/** Everybody who is in the group, this page included. */
	readonly members: Readable<readonly GroupMemberClient[]>;
}

/**
 * A group of the server's `createGroup`. This page asks to join it while somebody watches the events or the members, on every connection
 * anew, and leaves with the last watcher.
 *
 * @example
 * const lobby = group('lobby');
 * const { members } = lobby;
 */
export function group(name: string): GroupStore {
	return remember(`group ${name}`, () => createGroupStore(name));
}

function createGroupStore(name: string): GroupStore {
	let latest = createCell<WSEvent | null>(null);
	let members = createCell<readonly GroupMemberClient[]>([]);
	let watchers = 0;
	let leave = (): void => {};

	const start = (): (() => void) => {
		const client = openPage();
		const stop = startSession(client, {
			topic: `__group:${name}`,
			ask: () => ({ type: 'group-join', group: name }),
			hear(envelope) {
				const next = follow(members.value, envelope.event, envelope.data);
				if (next !== members.value) members.set(next);
				if (envelope.event !== 'members') latest.set(toEvent(envelope));
			}
		});
		return () => {
			stop();
			client.sendNow(JSON.stringify({ type: 'group-leave', group: name }));
			latest = createCell<WSEvent | null>(null);
			members = createCell<readonly GroupMemberClient[]>([]);
		};
	};
	const watched = <T>(cell: () => Cell<T>): Readable<T> => ({
		subscribe(run) {
			if (watchers++ === 0) leave = start();
			const stop = cell().subscribe(run);
			return onlyOnce(() => {
				stop();
				if (--watchers === 0) leave();
			});
		}
	});
	return { ...watched(() => latest), members: watched(() => members) };
}

function follow(members: readonly GroupMemberClient[], event: string, data: unknown): readonly GroupMemberClient[] {
	if (event === 'members') return Array.isArray(data) ? (data as GroupMemberClient[]) : members;
	if (event === 'close') return [];
	const { id, role } = (data ?? {}) as Partial<GroupMemberClient>;
	// Workers tell of their members in no common order: who has joined may be in the list already, and who has left not be in it.
	if (event === 'join' && role) return [...without(members, id), id === undefined ? { role } : { id, role }];
	if (event !== 'leave') return members;
	if (id !== undefined) return without(members, id);
	const index = members.findIndex((member) => member.role === role);
	return index < 0 ? members : members.toSpliced(index, 1);
}

function without(members: readonly GroupMemberClient[], id: string | undefined): readonly GroupMemberClient[] {
	return id !== undefined && members.some((member) => member.id === id) ? members.filter((member) => member.id !== id) : members;
}
