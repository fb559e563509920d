import { expect, it } from 'vitest';
import { createDedup } from '../../src/plugins/dedup.ts';
import { createSession } from '../../src/plugins/session.ts';
import { MemoryIdempotencyStore } from '../../src/service/idempotency/memory-store.ts';
import { MemorySessionStore } from '../../src/service/session/memory-store.ts';
import { TestClock } from '../support/clock.ts';
import { counterId } from '../support/core.ts';

it('keeps a session for as long as it is used', () => {
	const clock = new TestClock();
	const sessions = createSession<{ n: number }>({ ttl: 100, clock });
	const data = { n: 1 };
	sessions.set('a', data);
	sessions.set('b', { n: 2 });
	clock.pass(60);
	expect([sessions.get('a'), sessions.touch('a'), sessions.touch('x'), sessions.get('x')]).toEqual([data, true, false, null]);
	expect(sessions.get('a')).toBe(data);
	clock.pass(60);
	expect([sessions.get('a'), sessions.get('b'), sessions.size()]).toEqual([data, null, 1]);
	clock.pass(100);
	expect([sessions.get('a'), sessions.delete('a'), sessions.size()]).toEqual([null, false, 0]);
	sessions.set('a', data);
	expect([sessions.delete('a'), sessions.delete('a')]).toEqual([true, false]);
	sessions.set('a', data);
	sessions.clear();
	expect(sessions.size()).toBe(0);
});

it('lets the sessions go that were used longest ago, expired ones first', () => {
	const clock = new TestClock();
	const sessions = createSession({ ttl: 100, maxEntries: 10, clock });
	for (let i = 0; i < 11; i++) sessions.set(`s${i}`, i);
	expect(sessions.size()).toBe(11);
	sessions.get('s0');
	sessions.set('s11', 11);
	expect(sessions.size()).toBe(10);
	expect(['s0', 's1', 's2', 's3', 's11'].map((token) => sessions.get(token))).toEqual([0, null, null, 3, 11]);
	clock.pass(60);
	sessions.touch('s3');
	clock.pass(60);
	for (let i = 0; i < 10; i++) sessions.set(`t${i}`, i);
	expect(sessions.size()).toBe(11);
	sessions.set('t10', 1);
	expect([sessions.size(), sessions.get('s3'), sessions.get('t1')]).toEqual([10, null, 1]);
});

it('refuses what is no token and no time', async () => {
	const sessions = createSession({ ttl: 1 });
	for (const token of ['', 5 as never, undefined as never]) {
		expect(() => sessions.get(token)).toThrow('session: token: got ');
		expect(() => sessions.set(token, 1)).toThrow(TypeError);
		await expect(createSession({ ttl: 1, store: new MemorySessionStore(new TestClock()) }).get(token)).rejects.toThrow(TypeError);
	}
	for (const options of [{ ttl: 0 }, { ttl: Infinity }, {} as { ttl: number }, { ttl: 1, maxEntries: 0 }])
		expect(() => createSession(options)).toThrow(/^createSession: \w+: got /);
});

it('shares sessions in a store', async () => {
	const clock = new TestClock();
	const store = new MemorySessionStore(clock);
	const [one, two] = [1, 2].map(() => createSession<{ n: number }>({ ttl: 100, store }));
	await one!.set('a', { n: 1 });
	clock.pass(60);
	expect([await two!.get('a'), await two!.touch('x'), await two!.get('x')]).toEqual([{ n: 1 }, false, null]);
	clock.pass(60);
	expect([await one!.touch('a'), await one!.delete('a'), await two!.delete('a')]).toEqual([true, true, false]);
});

it('tells the first time of an id from the others, in a window that repeats do not move', () => {
	const clock = new TestClock();
	const seen = createDedup({ ttl: 100, clock });
	expect(seen.claim('a')).toBe(true);
	clock.pass(60);
	expect([seen.claim('a'), seen.has('a'), seen.has('b'), seen.size()]).toEqual([false, true, false, 1]);
	clock.pass(40);
	expect([seen.has('a'), seen.claim('a'), seen.delete('a'), seen.delete('a'), seen.claim('a')]).toEqual([
		false,
		true,
		true,
		false,
		true
	]);
	seen.clear();
	expect(seen.size()).toBe(0);
});

it('lets the oldest ids go', () => {
	const seen = createDedup({ ttl: 100, maxEntries: 10, clock: new TestClock() });
	for (let i = 0; i < 12; i++) seen.claim(`i${i}`);
	expect([seen.size(), seen.has('i1'), seen.has('i2')]).toEqual([10, false, true]);
});

it('refuses what is no id, and options out of range', async () => {
	const seen = createDedup({ ttl: 1, maxIdLength: 3 });
	for (const id of ['', 'long', 5 as never])
		for (const call of ['claim', 'has', 'delete'] as const) expect(() => seen[call](id)).toThrow('dedup: id: got ');
	for (const options of [{ ttl: 0 }, { ttl: 1, maxEntries: 0 }, { ttl: 1, maxIdLength: 0 }])
		expect(() => createDedup(options)).toThrow(/^createDedup: \w+: got /);
});

it('shares ids in a store', async () => {
	const clock = new TestClock();
	const store = new MemoryIdempotencyStore(clock, counterId());
	const [one, two] = [1, 2].map(() => createDedup({ ttl: 100, store }));
	expect([await one!.claim('a'), await two!.claim('a'), await two!.claim('b')]).toEqual([true, false, true]);
	expect([await two!.delete('a'), await one!.claim('a')]).toEqual([true, true]);
	clock.pass(100);
	expect(await two!.claim('a')).toBe(true);
	await expect(one!.claim('')).rejects.toThrow(TypeError);
});
