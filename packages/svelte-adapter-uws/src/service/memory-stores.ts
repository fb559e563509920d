import type { Clock } from '../contract/clock.ts';
import type { ReplayLimits } from '../contract/options.ts';
import type { Stores } from '../contract/stores.ts';
import { MemoryCursorStore } from './cursor/memory-store.ts';
import { MemoryGroupStore } from './groups/memory-store.ts';
import { MemoryIdempotencyStore } from './idempotency/memory-store.ts';
import { MemoryLeaseStore } from './lease/memory-store.ts';
import { MemoryLockStore } from './lock/memory-store.ts';
import { MemoryPresenceStore } from './presence/memory-store.ts';
import { MemoryRateLimitStore } from './rate-limit/memory-store.ts';
import { MemoryRegistryStore } from './registry/memory-store.ts';
import { MemoryReplayStore } from './replay/memory-store.ts';
import { MemorySessionStore } from './session/memory-store.ts';

/** Every store in memory, for one process or for the workers that ask it. They hold no timers and nothing to dispose. */
export function memoryStores(
	node: string,
	clock: Clock,
	randomId: () => string,
	limits: { readonly replay?: ReplayLimits } = {}
): Stores {
	return {
		node,
		replay: new MemoryReplayStore(clock, randomId, limits.replay),
		presence: new MemoryPresenceStore(clock),
		cursor: new MemoryCursorStore(clock),
		group: new MemoryGroupStore(clock),
		rateLimit: new MemoryRateLimitStore(clock),
		lock: new MemoryLockStore(clock, randomId),
		idempotency: new MemoryIdempotencyStore(clock, randomId),
		lease: new MemoryLeaseStore(clock),
		registry: new MemoryRegistryStore(clock),
		session: new MemorySessionStore(clock)
	};
}
