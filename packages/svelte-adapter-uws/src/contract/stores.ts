import type { CursorStore } from './store/cursor.ts';
import type { GroupStore } from './store/group.ts';
import type { IdempotencyStore } from './store/idempotency.ts';
import type { LeaseStore } from './store/lease.ts';
import type { LockStore } from './store/lock.ts';
import type { PresenceStore } from './store/presence.ts';
import type { RateLimitStore } from './store/rate-limit.ts';
import type { RegistryStore } from './store/registry.ts';
import type { ReplayStore } from './store/replay.ts';
import type { SessionStore } from './store/session.ts';

/**
 * What the nodes of one app know together. In one process it is in memory; with `CLUSTER_WORKERS` the primary has it, and a call
 * is a message there and back, about a twentieth of a millisecond. It ends with the server.
 */
export interface Stores {
	/** Who this node is in the stores. */
	readonly node: string;
	readonly replay: ReplayStore;
	readonly presence: PresenceStore;
	readonly cursor: CursorStore;
	readonly group: GroupStore;
	readonly rateLimit: RateLimitStore;
	readonly lock: LockStore;
	readonly idempotency: IdempotencyStore;
	readonly lease: LeaseStore;
	readonly registry: RegistryStore;
	readonly session: SessionStore;
}
