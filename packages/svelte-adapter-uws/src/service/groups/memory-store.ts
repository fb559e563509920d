import type { Clock } from '../../contract/clock.ts';
import type { GroupEntry, GroupRule, GroupSeat, GroupState, GroupStore } from '../../contract/store/group.ts';
import { Expiring } from '../expiring.ts';
import { Seating } from '../seating.ts';

const MAX_MEMBERS = 1_000_000;
const MAX_CLOSED = 1_000_000;

/** Groups of one process. */
export class MemoryGroupStore implements GroupStore {
	/** The roles, by member. */
	readonly #seating: Seating<string>;
	readonly #closed: Expiring<true>;

	constructor(clock: Clock, maxMembers: number = MAX_MEMBERS) {
		this.#seating = new Seating(clock, 'group store', maxMembers);
		this.#closed = new Expiring(clock, 'group store (closed groups)', MAX_CLOSED);
	}

	async join(group: string, { id, node, role }: GroupSeat, { maxMembers = Infinity, ttlMs }: GroupRule): Promise<GroupEntry> {
		if (this.#closed.get(group)) return { outcome: 'closed' };
		const isNew = this.#seating.get(group, id) === undefined;
		if (isNew && maxMembers !== Infinity && this.#seating.count(group) >= maxMembers) return { outcome: 'full' };
		this.#seating.put(group, { id, node, value: role }, ttlMs);
		return { outcome: 'joined', members: this.#members(group) };
	}

	async leave(group: string, id: string): Promise<{ readonly left: boolean; readonly count: number }> {
		const left = this.#seating.delete(group, id) !== undefined;
		return { left, count: this.#seating.count(group) };
	}

	async touch(groups: readonly string[], node: string, ttlMs: number): Promise<void> {
		this.#seating.touch(groups, node, ttlMs);
	}

	async state(group: string): Promise<GroupState> {
		return this.#closed.get(group) ? { closed: true } : { closed: false, members: this.#members(group) };
	}

	async close(group: string, ttlMs: number): Promise<boolean> {
		if (this.#closed.get(group)) return false;
		this.#closed.set(group, true, ttlMs);
		this.#seating.empty(group);
		return true;
	}

	async drop(node: string): Promise<void> {
		this.#seating.drop(node);
	}

	#members(group: string): readonly GroupSeat[] {
		return this.#seating.list(group).map(({ id, node, value }) => ({ id, node, role: value }));
	}
}
