import type { GroupEntry, GroupSeat, GroupStore } from '../../contract/store/group.ts';
import type { Awaitable } from '../plugin/maybe.ts';

/** What a member is called in the list, and what it is. */
export type Listed = Pick<GroupSeat, 'id' | 'role'>;

/** How a group stands after its members of this node were renewed. */
export interface Renewed {
	readonly isClosed: boolean;
	/** Everybody, in the order of joining. */
	readonly members: readonly GroupSeat[];
}

/** Who is in a group: the part that one process knows by itself, or all nodes together. */
export interface Ledger {
	join(seat: Listed): Awaitable<GroupEntry>;
	leave(id: string): Awaitable<{ readonly count: number }>;
	members(): Awaitable<readonly GroupSeat[]>;
	close(): Awaitable<unknown>;
	/** What other nodes need to hear of; absent where there are none. */
	readonly shared?: {
		readonly everyMs: number;
		/** Says that these members of this node are still there, and no others of it. */
		renew(ids: ReadonlySet<string>): Promise<Renewed>;
	};
}

/** The members of one process. */
export class LocalLedger implements Ledger {
	readonly #maxMembers: number;
	/** In the order of joining. */
	readonly #seats = new Map<string, GroupSeat>();

	constructor(maxMembers: number = Infinity) {
		this.#maxMembers = maxMembers;
	}

	join({ id, role }: Listed): GroupEntry {
		if (this.#seats.size >= this.#maxMembers) return { outcome: 'full' };
		this.#seats.set(id, { id, role, node: '' });
		return { outcome: 'joined', members: this.members() };
	}

	leave(id: string): { readonly count: number } {
		this.#seats.delete(id);
		return { count: this.#seats.size };
	}

	members(): readonly GroupSeat[] {
		return [...this.#seats.values()];
	}

	close(): void {
		this.#seats.clear();
	}
}

export interface SharedLedgerParts {
	readonly store: GroupStore;
	readonly node: string;
	readonly group: string;
	readonly maxMembers?: number;
	/** Milliseconds after which the members of a node that died are gone. */
	readonly ttlMs: number;
	/** Milliseconds for which a group that was closed stays closed. */
	readonly closedMs: number;
}

/** The members of all nodes, in a store. */
export class SharedLedger implements Ledger {
	readonly #parts: SharedLedgerParts;
	readonly shared: NonNullable<Ledger['shared']>;

	constructor(parts: SharedLedgerParts) {
		this.#parts = parts;
		this.shared = { everyMs: parts.ttlMs / 3, renew: (ids) => this.#renew(ids) };
	}

	join({ id, role }: Listed): Promise<GroupEntry> {
		const { store, group, node, ttlMs, maxMembers = Infinity } = this.#parts;
		return store.join(group, { id, role, node }, maxMembers === Infinity ? { ttlMs } : { ttlMs, maxMembers });
	}

	leave(id: string): Promise<{ readonly count: number }> {
		return this.#parts.store.leave(this.#parts.group, id);
	}

	async members(): Promise<readonly GroupSeat[]> {
		const state = await this.#parts.store.state(this.#parts.group);
		return state.closed ? [] : state.members;
	}

	close(): Promise<unknown> {
		return this.#parts.store.close(this.#parts.group, this.#parts.closedMs);
	}

	async #renew(ids: ReadonlySet<string>): Promise<Renewed> {
		const { store, group, node, ttlMs } = this.#parts;
		await store.touch([group], node, ttlMs);
		const state = await store.state(group);
		if (state.closed) return { isClosed: true, members: [] };
		// What could not be taken out when it left is renewed with the others, and would stay for ever.
		const stale = state.members.filter((seat) => seat.node === node && !ids.has(seat.id));
		if (stale.length === 0) return { isClosed: false, members: state.members };
		await Promise.all(stale.map(({ id }) => store.leave(group, id)));
		return { isClosed: false, members: await this.members() };
	}
}
