import { expect, it } from 'vitest';
import {
	createLock,
	LockClearedError,
	LockLostError,
	LockQueueFullError,
	LockTimeoutError,
	type LockOptions
} from '../../src/plugins/lock.ts';
import { MemoryLockStore } from '../../src/service/lock/memory-store.ts';
import { TestClock } from '../support/clock.ts';
import { counterId, settle } from '../support/core.ts';

function start(options: LockOptions = {}) {
	const clock = new TestClock();
	return { clock, lock: createLock({ clock, ...options }) };
}

/** Something that runs until it is let go. */
function work() {
	const { promise, resolve } = Promise.withResolvers<void>();
	return { run: () => promise, done: resolve };
}

it('lets one at a time do something with a key, in the order of asking', async () => {
	const { lock } = start();
	const order: string[] = [];
	let inside = 0;
	const one = (name: string) =>
		lock.withLock('k', async () => {
			expect(++inside).toBe(1);
			order.push(name);
			await settle();
			inside--;
			return name;
		});
	expect(await Promise.all([one('a'), one('b'), one('c')])).toEqual(['a', 'b', 'c']);
	expect([order, lock.held('k'), lock.size()]).toEqual([['a', 'b', 'c'], false, 0]);
});

it('keeps keys apart, and hands on what is thrown without stopping the next', async () => {
	const { lock } = start();
	const first = work();
	const holding = lock.withLock('a', first.run);
	expect(await lock.withLock('b', () => 1)).toBe(1);
	expect([lock.held('a'), lock.held('b'), lock.size()]).toEqual([true, false, 1]);
	const failing = lock.withLock('a', () => {
		throw new Error('mine');
	});
	const next = lock.withLock('a', () => 2);
	first.done();
	await holding;
	await expect(failing).rejects.toThrow('mine');
	expect(await next).toBe(2);
});

it('waits as long as it may, and not at all with 0', async () => {
	const { lock, clock } = start();
	const first = work();
	const holding = lock.withLock('k', first.run);
	await expect(lock.withLock('k', () => 1, { maxWaitMs: 0 })).rejects.toMatchObject({
		code: 'LOCK_TIMEOUT',
		key: 'k',
		maxWaitMs: 0
	});
	const late = lock.withLock('k', () => 1, { maxWaitMs: 100 });
	const patient = lock.withLock('k', () => 2, { maxWaitMs: 200 });
	clock.pass(100);
	await expect(late).rejects.toBeInstanceOf(LockTimeoutError);
	first.done();
	await holding;
	expect(await patient).toBe(2);
	expect(clock.pending).toBe(0);
	expect(await lock.withLock('k', () => 3, { maxWaitMs: 0 })).toBe(3);
});

it('does not count waiters that have given up', async () => {
	const { lock, clock } = start({ maxWaitersPerKey: 1 });
	const first = work();
	const holding = lock.withLock('k', first.run);
	const gone = lock.withLock('k', () => 1, { maxWaitMs: 10 });
	await expect(lock.withLock('k', () => 1)).rejects.toMatchObject({ code: 'LOCK_QUEUE_FULL', key: 'k', maxWaitersPerKey: 1 });
	clock.pass(10);
	await expect(gone).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
	const next = lock.withLock('k', () => 2);
	await expect(lock.withLock('k', () => 1)).rejects.toBeInstanceOf(LockQueueFullError);
	first.done();
	await holding;
	expect(await next).toBe(2);
});

it('sends waiters away on clear, and leaves the key with its holder', async () => {
	const { lock } = start();
	const first = work();
	const holding = lock.withLock('k', first.run);
	const waiting = lock.withLock('k', () => 1);
	lock.clear();
	await expect(waiting).rejects.toBeInstanceOf(LockClearedError);
	await expect(waiting).rejects.toMatchObject({ code: 'LOCK_CLEARED' });
	let ran = false;
	const next = lock.withLock('k', () => (ran = true));
	await settle();
	expect([lock.held('k'), ran]).toEqual([true, false]);
	first.done();
	await Promise.all([holding, next]);
	expect(ran).toBe(true);
});

it('refuses a key too many, and what is no key, no function and no time', async () => {
	const { lock } = start({ maxKeys: 1, maxKeyLength: 3 });
	const first = work();
	const holding = lock.withLock('a', first.run);
	await expect(lock.withLock('b', () => 1)).rejects.toThrow('1 keys are held');
	for (const key of ['', 'long', 5 as never]) await expect(lock.withLock(key, () => 1)).rejects.toThrow('withLock: key: got ');
	await expect(lock.withLock('k', 5 as never)).rejects.toThrow('withLock: fn: got number, expected a function.');
	await expect(lock.withLock('k', () => 1, { maxWaitMs: -1 })).rejects.toThrow('withLock: maxWaitMs: got -1');
	first.done();
	await holding;
	for (const options of [{ maxKeys: 0 }, { maxKeyLength: 1.5 }, { maxWaitersPerKey: NaN }])
		expect(() => createLock(options)).toThrow(/^createLock: \w+: got /);
});

function shared(options: { readonly ttl?: number } = {}) {
	const clock = new TestClock();
	const store = new MemoryLockStore(clock, counterId());
	return { clock, store, locks: [1, 2].map(() => createLock({ store, clock, ttl: 3_000, retry: 10, ...options })) as [any, any] };
}

it('lets one node at a time do something with a key of a shared store', async () => {
	const { clock, locks } = shared();
	const [one, two] = locks;
	const first = work();
	const fences: number[] = [];
	const holding = one.withLock('k', async ({ fence }: { fence: number }) => (fences.push(fence), first.run()));
	await settle();
	await expect(two.withLock('k', () => 1, { maxWaitMs: 0 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
	const late = expect(two.withLock('k', () => 1, { maxWaitMs: 25 })).rejects.toMatchObject({
		code: 'LOCK_TIMEOUT',
		maxWaitMs: 25
	});
	for (let i = 0; i < 3; i++) {
		clock.pass(10);
		await settle();
	}
	await late;
	// It renews for as long as it runs.
	for (let i = 0; i < 9; i++) {
		clock.pass(1_000);
		await settle();
	}
	const next = two.withLock('k', ({ fence }: { fence: number }) => fences.push(fence));
	await settle();
	first.done();
	await holding;
	clock.pass(10);
	await settle();
	await next;
	expect(fences[1]).toBeGreaterThan(fences[0]!);
	expect([one.held('k'), two.size(), clock.pending]).toEqual([false, 0, 0]);
});

it('says that a shared lock was lost', async () => {
	const { clock, store, locks } = shared();
	const [one] = locks;
	const first = work();
	let signal: AbortSignal | undefined;
	const holding = one.withLock('k', (held: { signal: AbortSignal }) => ((signal = held.signal), first.run()));
	await settle();
	store.renew = () => Promise.reject(new Error('away'));
	for (let i = 0; i < 3; i++) {
		expect(signal!.aborted).toBe(false);
		clock.pass(1_000);
		await settle();
	}
	expect(signal!.reason).toBeInstanceOf(LockLostError);
	first.done();
	await expect(holding).rejects.toMatchObject({ code: 'LOCK_LOST', key: 'k' });
	const again = one.withLock('other', () => settle());
	store.release = () => Promise.reject(new Error('away'));
	await again;
	expect(clock.pending).toBe(0);
});
