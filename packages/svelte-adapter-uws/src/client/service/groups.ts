import type { Readable } from '../../contract/client.ts';
import { createCell, type Cell } from '../cell.ts';
import { onlyOnce } from '../guard.ts';
import { openPage, type PageClient } from '../page.ts';
import { toEvent, type WSEvent } from '../store/topic.ts';
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
	const watched = <T>(cell: (room: Room) => Cell<T>): Readable<T> => ({
		subscribe(run) {
			const room = enter(openPage(), name);
			const stop = cell(room).subscribe(run);
			return onlyOnce(() => {
				stop();
				room.leave();
			});
		}
	});
	return { ...watched(({ latest }) => latest), members: watched(({ members }) => members) };
}

/** What a page knows of a group while somebody watches it. */
interface Room {
	readonly latest: Cell<WSEvent | null>;
	readonly members: Cell<readonly GroupMemberClient[]>;
	watchers: number;
	readonly leave: () => void;
}

/** The page is in a group once, however many watch it. */
function enter(client: PageClient, name: string): Room {
	const rooms = (client.groups ??= new Map<string, unknown>()) as Map<string, Room>;
	const room = rooms.get(name) ?? open(client, name, rooms);
	rooms.set(name, room);
	room.watchers++;
	return room;
}

function open(client: PageClient, name: string, rooms: Map<string, Room>): Room {
	const latest = createCell<WSEvent | null>(null);
	const members = createCell<readonly GroupMemberClient[]>([]);
	const stop = startSession(client, {
		topic: `__group:${name}`,
		ask: () => ({ type: 'group-join', group: name }),
		hear(envelope) {
			const next = follow(members.value, envelope.event, envelope.data);
			if (next !== members.value) members.set(next);
			if (envelope.event !== 'members') latest.set(toEvent(envelope));
		}
	});
	const room: Room = {
		latest,
		members,
		watchers: 0,
		leave() {
			if (--room.watchers > 0) return;
			// Not before the end of this turn: the next page may watch what the one before did.
			queueMicrotask(() => {
				if (room.watchers > 0 || rooms.get(name) !== room) return;
				rooms.delete(name);
				stop();
				client.sendNow(JSON.stringify({ type: 'group-leave', group: name }));
			});
		}
	};
	return room;
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
