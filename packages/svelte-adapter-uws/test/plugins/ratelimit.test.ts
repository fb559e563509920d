import { expect, it } from 'vitest';
import type { Connection } from '../../src/contract/connection.ts';
import { createRateLimit, type RateLimitOptions } from '../../src/plugins/ratelimit.ts';
import { Buckets } from '../../src/service/rate-limit/buckets.ts';
import { MemoryRateLimitStore } from '../../src/service/rate-limit/memory-store.ts';
import { TestClock } from '../support/clock.ts';

const from = (userData: object, id = 'c'): Connection => ({ getUserData: () => userData, id }) as Connection;
const at = (remoteAddress: string): Connection => from({ remoteAddress });

function start(options: Partial<RateLimitOptions> = {}) {
	const clock = new TestClock();
	return { clock, limiter: createRateLimit({ points: 2, interval: 1_000, clock, ...options }) };
}

it('allows so much in an interval, which begins with the first use', () => {
	const { clock, limiter } = start();
	expect(limiter.consume(at('1'))).toEqual({ allowed: true, remaining: 1, resetMs: 1_000 });
	clock.pass(600);
	expect(limiter.consume(at('1'))).toEqual({ allowed: true, remaining: 0, resetMs: 400 });
	expect(limiter.consume(at('1'))).toEqual({ allowed: false, remaining: 0, resetMs: 400 });
	expect(limiter.consume(at('2')).allowed).toBe(true);
	clock.pass(400);
	expect(limiter.consume(at('1'), 2)).toEqual({ allowed: true, remaining: 0, resetMs: 1_000 });
	expect(limiter.consume(at('1'), 0).allowed).toBe(true);
	expect(limiter.consume(at('3'), 3)).toEqual({ allowed: false, remaining: 2, resetMs: 1_000 });
});

it('bans who asks too much, if told to', () => {
	const { clock, limiter } = start({ blockDuration: 5_000 });
	limiter.consume(at('1'), 2);
	expect(limiter.consume(at('1'))).toEqual({ allowed: false, remaining: 0, resetMs: 5_000 });
	clock.pass(4_999);
	expect(limiter.consume(at('1'))).toEqual({ allowed: false, remaining: 0, resetMs: 1 });
	clock.pass(1);
	expect(limiter.consume(at('1'))).toEqual({ allowed: true, remaining: 1, resetMs: 1_000 });
});

it('bans, unbans and resets keys', () => {
	const { clock, limiter } = start();
	limiter.ban('1');
	expect(limiter.consume(at('1')).resetMs).toBe(60_000);
	expect([limiter.unban('1'), limiter.unban('1'), limiter.consume(at('1')).allowed]).toEqual([true, false, true]);
	limiter.ban('1', 100);
	clock.pass(100);
	expect(limiter.unban('1')).toBe(false);
	limiter.consume(at('1'), 2);
	limiter.reset('1');
	expect(limiter.consume(at('1'), 2).allowed).toBe(true);
	limiter.ban('2', 100);
	limiter.clear();
	expect([limiter.consume(at('1'), 2).allowed, limiter.consume(at('2')).allowed]).toEqual([true, true]);
	expect(() => limiter.ban('1', -1)).toThrow(RangeError);
});

it('tells connections apart as it is told to', () => {
	const one = { points: 1 };
	const byIp = start(one).limiter;
	for (const user of [{ ip: 'a' }, { address: 'b' }, {}]) expect(byIp.consume(from(user)).allowed).toBe(true);
	expect([byIp.consume(from({ address: 'a' })).allowed, byIp.consume(from({ other: 1 })).allowed]).toEqual([false, false]);
	const byConnection = start({ ...one, keyBy: 'connection' }).limiter;
	expect(['a', 'b', 'a'].map((id) => byConnection.consume(from({}, id)).allowed)).toEqual([true, true, false]);
	const byUser = start({ ...one, keyBy: (ws) => ws.getUserData().id as string }).limiter;
	const later = start({ ...one, keyBy: (async () => Promise.reject(new Error('later'))) as never }).limiter;
	expect(['x', 'x'].map((id) => byUser.consume(from({ id })).allowed)).toEqual([true, false]);
	expect(() => later.consume(from({}))).toThrow('createRateLimit: keyBy gave a promise. It has to answer at once');
});

it('lets go of banned keys last, and keeps its cap', () => {
	const { limiter } = start({ points: 1, maxBuckets: 3 });
	limiter.ban('banned');
	for (const key of ['a', 'b', 'c', 'd']) limiter.consume(at(key));
	expect(['banned', 'd', 'c'].map((key) => limiter.consume(at(key)).allowed)).toEqual([false, false, false]);
	expect(limiter.consume(at('a')).allowed).toBe(true);
	for (const key of ['x', 'y', 'z']) limiter.ban(key);
	expect(limiter.consume(at('banned')).allowed).toBe(true);
});

it('sweeps what has expired a little at a time once there are many', () => {
	const clock = new TestClock();
	const buckets = new Buckets(clock, 1_000_000);
	for (let i = 0; i < 2_000; i++) buckets.get(`old ${i}`, 1, 1_000);
	clock.pass(1_000);
	buckets.get('new', 1, 1_000);
	expect(buckets.size).toBeGreaterThan(1_990);
	for (let i = 0; i < 600; i++) buckets.get(`new ${i}`, 1, 1_000);
	expect(buckets.size).toBeLessThan(1_000);
});

it('refuses options and costs that are none', () => {
	const good = { points: 1, interval: 1 };
	const bad = [
		{ points: 0 },
		{ points: 1.5 },
		{ interval: 0 },
		{ interval: Infinity },
		{ blockDuration: -1 },
		{ maxBuckets: 0 },
		{ keyBy: 'user' as never }
	];
	for (const options of bad) expect(() => createRateLimit({ ...good, ...options })).toThrow(/^createRateLimit: \w+: got /);
	const { limiter } = start();
	for (const cost of [-1, NaN, Infinity]) expect(() => limiter.consume(at('1'), cost)).toThrow('consume: cost: got ');
});

it('shares the buckets of a store', async () => {
	const clock = new TestClock();
	const store = new MemoryRateLimitStore(clock);
	const [one, two] = [1, 2].map(() => createRateLimit({ points: 2, interval: 1_000, store }));
	expect(await one!.consume(at('1'))).toMatchObject({ allowed: true, remaining: 1 });
	expect(await two!.consume(at('1'))).toMatchObject({ allowed: true, remaining: 0 });
	expect(await one!.consume(at('1'))).toEqual({ allowed: false, remaining: 0, resetMs: 1_000 });
	await two!.reset('1');
	await one!.ban('2');
	expect([(await one!.consume(at('1'))).allowed, await two!.unban('2')]).toEqual([true, true]);
	await expect(one!.consume(at('1'), -1)).rejects.toThrow(RangeError);
});
