import { expect, it } from 'vitest';
import { TestClock } from '../../test/support/clock.ts';
import { memoryLog, memoryTelemetry } from '../../test/support/log.ts';
import type { News, Peers } from '../contract/peers.ts';
import { LIMITS } from './limits.ts';
import { UpgradeRate } from './upgrade-rate.ts';

function create(limit: number, windowMs = 10_000, peers?: Peers, clock = new TestClock()) {
	const log = memoryLog();
	const telemetry = memoryTelemetry();
	const rate = new UpgradeRate({ limit, windowMs, peers, clock, log, telemetry });
	const times = (n: number, address = 'a'): number => Array.from({ length: n }, () => rate.admit(address)).filter(Boolean).length;
	return { clock, log, telemetry, rate, times };
}

it('lets as many in as the limit says, for each address on its own', () => {
	const { times } = create(3);
	expect([times(5, 'a'), times(5, 'b')]).toEqual([3, 3]);
});

it('has no limit at 0, and remembers nobody', () => {
	const { times, rate } = create(0);
	expect([times(1_000), rate.size]).toEqual([1_000, 0]);
});

it('weighs the window before by what is left of it', () => {
	const { times, clock } = create(10);
	expect(times(20)).toBe(10);
	clock.pass(10_000);
	expect(times(20)).toBe(0);
	clock.pass(5_000);
	expect(times(20)).toBe(5);
	clock.pass(5_000);
	// Half of the limit was used in the window before.
	expect(times(20)).toBe(5);
});

it('does not count who is refused', () => {
	const { times, clock } = create(2);
	times(100);
	clock.pass(10_000);
	clock.pass(9_999);
	expect(times(1)).toBe(1);
});

it('forgets everything after two quiet windows', () => {
	const { times, clock } = create(4);
	times(4);
	clock.pass(20_000);
	expect(times(10)).toBe(4);
});

it('keeps its cap on every insert, and those who are active', () => {
	const { rate, times, telemetry } = create(100);
	times(5, 'busy');
	for (let i = 0; i < LIMITS.rateAddresses * 1.5; i++) {
		rate.admit(`10.0.${i}`);
		if (rate.size > LIMITS.rateAddresses) expect.unreachable('over the cap');
	}
	expect(times(200, 'busy')).toBe(95);
	expect(telemetry.events[0]).toEqual({ name: 'limit.rateAddresses' });
});

it('gives the places of quiet addresses away first', () => {
	const { rate, clock } = create(100);
	for (let i = 0; i < LIMITS.rateAddresses; i++) rate.admit(`quiet${i}`);
	clock.pass(20_000);
	rate.admit('new');
	expect(rate.size).toBe(1);
});

it('logs the first refusal, with what to do about it', () => {
	const { times, log } = create(1);
	times(5);
	expect(log.lines).toEqual([
		[
			'warn',
			expect.stringContaining(
				'"a" was refused with 429 after 1 handshakes in 10 s. If that is the address of a proxy, set ADDRESS_HEADER'
			)
		]
	]);
});

it('takes a /64 of IPv6 for one address, and every IPv4 for itself', () => {
	const { times } = create(1);
	const first = ['2001:db8::1', '::1', 'fe80::1:2:3:4', '2001:db8:0:1::', '::ffff:10.0.0.1', '10.0.0.1'];
	expect(first.map((address) => times(1, address))).toEqual([1, 1, 1, 1, 1, 1]);
	const same = ['2001:db8::2', '2001:db8:0:0:ffff::9', '::2', 'fe80::9', '2001:db8:0:1:a:b:c:d', '10.0.0.1'];
	expect(same.map((address) => times(1, address))).toEqual([0, 0, 0, 0, 0, 0]);
	expect(['2001:db8:0:2::1', '::ffff:10.0.0.2', '10.0.0.2', ':', ''].map((address) => times(1, address))).toEqual([
		1, 1, 1, 0, 1
	]);
});

/** Nodes that tell each other; `told` is what left. */
function neighbours() {
	const hearers = new Map<Peers, (news: News) => void>();
	const told: News[] = [];
	const join = (): Peers => {
		const peers: Peers = {
			answer: () => expect.unreachable('nobody asks'),
			ask: () => expect.unreachable('nobody asks'),
			tell(news) {
				told.push(structuredClone(news));
				for (const [other, hear] of hearers) if (other !== peers) hear(news);
			},
			heed(hear) {
				hearers.set(peers, hear);
				return { [Symbol.dispose]: () => void hearers.delete(peers) };
			}
		};
		return peers;
	};
	return { join, told, hearers };
}

it.each([2, 4])('has one limit for %i nodes, whichever of them a client comes to', (count) => {
	const { join } = neighbours();
	const clock = new TestClock();
	const nodes = Array.from({ length: count }, () => create(10, 10_000, join(), clock));
	const knock = (n: number): boolean => {
		const isIn = nodes[n % count]!.rate.admit('a');
		clock.turn();
		return isIn;
	};
	expect(Array.from({ length: 40 }, (_, n) => knock(n)).filter(Boolean)).toHaveLength(10);
	// The window slides for all alike.
	clock.pass(15_000);
	expect(Array.from({ length: 40 }, (_, n) => knock(n)).filter(Boolean)).toHaveLength(5);
});

it('lets in no more than the limit of each node of those who come in one turn, and nobody after it', () => {
	const { join, told } = neighbours();
	const clock = new TestClock();
	const nodes = [create(10, 10_000, join(), clock), create(10, 10_000, join(), clock)];
	expect(nodes.map(({ times }) => times(15))).toEqual([10, 10]);
	clock.turn();
	expect(told).toEqual([
		{ about: 'handshakes', counts: [['a', 10]] },
		{ about: 'handshakes', counts: [['a', 10]] }
	]);
	clock.pass(10_000);
	expect(nodes.map(({ times }) => times(5))).toEqual([0, 0]);
});

it('tells once for a turn, by network, of those who were let in', () => {
	const { join, told, hearers } = neighbours();
	const { rate, clock } = create(2, 10_000, join());
	for (const address of ['10.0.0.1', '2001:db8::1', '2001:db8::2', '2001:db8::3']) rate.admit(address);
	clock.turn();
	clock.turn();
	expect(told).toEqual([
		{
			about: 'handshakes',
			counts: [
				['10.0.0.1', 1],
				['2001:db8:0:0::/64', 2]
			]
		}
	]);
	rate[Symbol.dispose]();
	expect(hearers.size).toBe(0);
});

it('keeps its cap on what others tell', () => {
	const { join } = neighbours();
	const clock = new TestClock();
	const other = join();
	const { rate } = create(5, 10_000, join(), clock);
	for (let i = 0; i < LIMITS.rateAddresses * 1.5; i++) other.tell({ about: 'handshakes', counts: [[`10.0.${i}`, 1]] });
	expect(rate.size).toBeLessThanOrEqual(LIMITS.rateAddresses);
});

it('tells and hears nothing without a limit', () => {
	const { join, told, hearers } = neighbours();
	const { rate, clock } = create(0, 10_000, join());
	rate.admit('a');
	clock.turn();
	expect([told, hearers.size]).toEqual([[], 0]);
});
