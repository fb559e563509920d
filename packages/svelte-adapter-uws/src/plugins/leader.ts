import type { Platform } from '../contract/platform.ts';
import { systemClock } from '../host/clock.ts';
import { runForLeader, type Leader, type LeaderOptions } from '../service/leader/leader.ts';

export type { Leader } from '../service/leader/leader.ts';

/** Times in milliseconds. */
export type CreateLeaderOptions = Pick<LeaderOptions, 'name' | 'leaseMs' | 'renewMs' | 'onError'>;

/**
 * Elects one of the nodes of this app, for what must run once and not once per worker. Throws a RangeError for times that make no
 * sense. Stop it in the `shutdown` hook, so that another node follows at once.
 *
 * @example
 * const leader = createLeader(platform);
 * setInterval(() => leader.isLeader() && sweep(), 60_000);
 */
export function createLeader({ stores }: Pick<Platform, 'stores'>, options: CreateLeaderOptions = {}): Leader {
	return runForLeader({ ...options, lease: stores.lease, node: stores.node, clock: systemClock() });
}
