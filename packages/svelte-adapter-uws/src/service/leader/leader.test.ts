import { describe, expect, it } from 'vitest';
import { channelPair } from '../../../test/support/workers.ts';
import type { LeaseStore } from '../../contract/store/lease.ts';
import { manualClock } from '../../host/clock.ts';
import { connectStores } from '../../host/cluster/store-client.ts';
import { serveStores } from '../../host/cluster/store-server.ts';
import { createRandomId } from '../../host/random-id.ts';
import { MemoryLeaseStore } from '../lease/memory-store.ts';
import { memoryStores } from '../memory-stores.ts';
import { runForLeader } from './leader.ts';

/** Lets what was asked of other nodes come back. */
const settle = async (): Promise<void> => {
	for (let n = 0; n < 10; n++) await new Promise((resolve) => setImmediate(resolve));
};

describe.each([1, 2, 4])('a timer on %i workers', (workers) => {
	it('fires once each time on the leader alone, and goes on when the leader is gone', async () => {
		const clock = manualClock();
		const primary = memoryStores('primary', clock, createRandomId());
		await using stack = new AsyncDisposableStack();
		const fired: string[] = [];
		const nodes = Array.from({ length: workers }, (_, n) => {
			const [up, down] = channelPair();
			stack.use(up);
			stack.use(serveStores(primary, up));
			const stores = stack.use(connectStores(`worker ${n}`, down));
			const leader = runForLeader({ lease: stores.lease, node: stores.node, clock, leaseMs: 3_000 });
			stack.defer(leader.stop);
			const tick = (): void => {
				if (leader.isLeader()) fired.push(stores.node);
				clock.after(1_000, tick);
			};
			clock.after(1_000, tick);
			return { leader, node: stores.node };
		});
		await Promise.all(nodes.map(({ leader }) => leader.settled));
		for (let n = 0; n < 10; n++) {
			clock.advance(1_000);
			await settle();
		}
		expect(fired).toHaveLength(10);
		expect(new Set(fired).size).toBe(1);

		const first = nodes.find(({ node }) => node === fired[0])!;
		await first.leader.stop();
		if (workers === 1) return;
		for (let n = 0; n < 10; n++) {
			clock.advance(1_000);
			await settle();
		}
		const later = fired.slice(10);
		expect(later).not.toContain(first.node);
		expect(new Set(later).size).toBe(1);
		// At most the tick before the next node asked was missed.
		expect(later.length).toBeGreaterThanOrEqual(9);
	});
});

describe('a lead', () => {
	it('is over here before it is over in the store, when the store does not answer', async () => {
		const clock = manualClock();
		const store = new MemoryLeaseStore(clock);
		let silent = false;
		const lease: LeaseStore = {
			hold: (...args) => (silent ? new Promise(() => {}) : store.hold(...args)),
			release: (...args) => store.release(...args),
			current: (name) => store.current(name),
			drop: (holder) => store.drop(holder)
		};
		const { settled, isLeader, epoch } = runForLeader({ lease, node: 'a', clock, leaseMs: 4_000, renewMs: 1_000 });
		await settled;
		expect([isLeader(), epoch()]).toEqual([true, 1]);
		silent = true;
		clock.advance(2_999);
		expect(isLeader()).toBe(true);
		clock.advance(1);
		expect([isLeader(), epoch()]).toEqual([false, 0]);
		expect((await store.current('leader'))?.holder).toBe('a');
	});

	it('survives failures that are shorter than the lease, and says why they were', async () => {
		const clock = manualClock();
		const store = new MemoryLeaseStore(clock);
		const errors: unknown[] = [];
		let failing = false;
		const lease: LeaseStore = {
			hold: (...args) => (failing ? Promise.reject(new Error('away')) : store.hold(...args)),
			release: (...args) => store.release(...args),
			current: (name) => store.current(name),
			drop: (holder) => store.drop(holder)
		};
		const onError = (error: unknown): void => void errors.push(error);
		const leader = runForLeader({ lease, node: 'a', clock, leaseMs: 4_000, renewMs: 1_000, onError });
		await leader.settled;
		failing = true;
		clock.advance(1_000);
		await settle();
		failing = false;
		clock.advance(1_000);
		await settle();
		clock.advance(2_500);
		expect([leader.isLeader(), errors]).toEqual([true, [new Error('away')]]);
	});

	it('ends when it is stopped, twice or once, and leaves no timer and no lease', async () => {
		const clock = manualClock();
		const lease = new MemoryLeaseStore(clock);
		const leader = runForLeader({ lease, node: 'a', clock });
		await Promise.all([leader.stop(), leader.stop()]);
		expect([leader.isLeader(), clock.pending, await lease.current('leader')]).toEqual([false, 0, undefined]);
	});

	it('can be stopped while the store does not answer', async () => {
		const clock = manualClock();
		const never = (): Promise<never> => new Promise(() => {});
		const leader = runForLeader({ lease: { hold: never, release: never, current: never, drop: never }, node: 'a', clock });
		const stopped = leader.stop();
		clock.advance(2_000);
		await stopped;
		expect(clock.pending).toBe(0);
	});

	it.each([
		[{ leaseMs: 0 }, 'leaseMs: got 0'],
		[{ leaseMs: Infinity }, 'leaseMs: got Infinity'],
		[{ leaseMs: 1_000, renewMs: 1_000 }, 'renewMs: got 1000']
	])('is refused with %j', (times, message) => {
		const clock = manualClock();
		expect(() => runForLeader({ lease: new MemoryLeaseStore(clock), node: 'a', clock, ...times })).toThrow(message);
	});
});
