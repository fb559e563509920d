/** One member of a group. */
export interface GroupSeat {
	/** Unique among all nodes. */
	readonly id: string;
	/** The node that holds its connection. */
	readonly node: string;
	/** What it is in the group. */
	readonly role: string;
}

/** What becomes of somebody who wants to join. */
export type GroupEntry =
	/** Is in, also when it was before; with everybody, in the order of joining. */
	| { readonly outcome: 'joined'; readonly members: readonly GroupSeat[] }
	| { readonly outcome: 'full' }
	| { readonly outcome: 'closed' };

/** A group as it stands: its members in the order of joining, or that it has ended. */
export type GroupState = { readonly closed: false; readonly members: readonly GroupSeat[] } | { readonly closed: true };

export interface GroupRule {
	/** Absent: no limit. Counts who is in, whatever the roles. */
	readonly maxMembers?: number;
	/** Milliseconds for which the member stays unless its node renews it. */
	readonly ttlMs: number;
}

/** Who is in which group. A group exists while it has members or is closed; a member that nobody renews is gone. */
export interface GroupStore {
	/** Takes a member in, if there is room at this moment. */
	join(group: string, seat: GroupSeat, rule: GroupRule): Promise<GroupEntry>;
	/** Takes it out. `left`: it was in; `count`: who stays. */
	leave(group: string, id: string): Promise<{ readonly left: boolean; readonly count: number }>;
	/** Renews every member that a node has in these groups. */
	touch(groups: readonly string[], node: string, ttlMs: number): Promise<void>;
	state(group: string): Promise<GroupState>;
	/** Ends a group for so long, and with it all memberships. True for the first who does. */
	close(group: string, ttlMs: number): Promise<boolean>;
	/** Removes every member of a node that is gone. */
	drop(node: string): Promise<void>;
}
