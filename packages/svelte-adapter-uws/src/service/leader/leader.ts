import type { Clock } from '../../contract/clock.ts';
import type { LeaseStore } from '../../contract/store/lease.ts';

export interface LeaderOptions {
	readonly lease: LeaseStore;
	/** Who this node is; `platform.stores.node`. */
	readonly node: string;
	/** What is led. Default `leader`. */
	readonly name?: string;
	/** Milliseconds that a leader who is gone is waited for. Default 30,000. */
	readonly leaseMs?: number;
	/** Milliseconds between two renewals, less than `leaseMs`. Default a third of it. */
	readonly renewMs?: number;
	/** Hears why a renewal failed; the next one comes all the same. */
	readonly onError?: (error: unknown) => void;
	readonly clock: Clock;
}

/** A candidate for the lead of something. Its functions work detached. */
export interface Leader {
	/** Whether this node leads now. Never true on two nodes at once, unless their clocks run at different speeds. */
	readonly isLeader: () => boolean;
	/** Grows with each change of the leader; 0 while this node does not lead. */
	readonly epoch: () => number;
	/** Resolves once the first attempt is over. */
	readonly settled: Promise<void>;
	/** Steps down, so that another node can follow at once. Idempotent; never rejects. */
	readonly stop: () => Promise<void>;
}

/** Milliseconds that stepping down may take. */
const STOP_MS = 2_000;

/**
 * Runs for the lead until it is stopped. Throws a RangeError for times that make no sense.
 * @example const leader = runForLeader({ lease: platform.stores.lease, node: platform.stores.node, clock });
 */
export function runForLeader({
	lease,
	node,
	name = 'leader',
	leaseMs = 30_000,
	renewMs = Math.max(1, Math.floor(leaseMs / 3)),
	onError,
	clock
}: LeaderOptions): Leader {
	if (!(Number.isFinite(leaseMs) && leaseMs >= 1)) throw new RangeError(`leaseMs: got ${leaseMs}, expected 1 or more.`);
	if (!(renewMs >= 1 && renewMs < leaseMs))
		throw new RangeError(`renewMs: got ${renewMs}, expected 1 or more, less than leaseMs.`);
	// A lead ends here before it ends in the store, so that what was begun in time is over when the next leader begins.
	const margin = Math.min(renewMs, leaseMs / 4);
	let until = -Infinity;
	let epoch = 0;
	let isStopped = false;
	let timer: Disposable | undefined;

	const attempt = async (): Promise<void> => {
		// Before the call: the answer may take longer than the lease.
		const asked = clock.now();
		try {
			const tenure = await lease.hold(name, node, leaseMs);
			const isHeld = tenure.holder === node;
			until = isHeld ? asked + leaseMs - margin : -Infinity;
			epoch = isHeld ? tenure.epoch : 0;
		} catch (error) {
			// Whether the lease was renewed is not known, so the lead that was granted before runs out.
			onError?.(error);
		}
		if (!isStopped) timer = clock.after(renewMs, () => void (running = attempt()));
	};
	let running = attempt();
	const settled = running;

	const isLeader = (): boolean => !isStopped && clock.now() < until;
	let stopped: Promise<void> | undefined;
	const stepDown = async (): Promise<void> => {
		await running;
		timer?.[Symbol.dispose]();
		await lease.release(name, node).then(undefined, (error: unknown) => onError?.(error));
	};
	const stop = async (): Promise<void> => {
		isStopped = true;
		timer?.[Symbol.dispose]();
		let late: Disposable | undefined;
		// A store that does not answer must not keep a server from ending; the lease runs out by itself.
		await Promise.race([stepDown(), new Promise<void>((resolve) => (late = clock.after(STOP_MS, resolve)))]);
		late?.[Symbol.dispose]();
	};
	return { isLeader, epoch: () => (isLeader() ? epoch : 0), settled, stop: () => (stopped ??= stop()) };
}
