import fc from 'fast-check';
import { manualClock } from 'svelte-adapter-uws/testing';
import { expect, it } from 'vitest';
import { KeyedLock } from './keyed-lock.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp() {
	const clock = manualClock();
	const lock = new KeyedLock(clock, (category) => expect.unreachable(category));
	const log: string[] = [];
	/** Holds `key` until `done` is called. */
	const hold = (key: string, name: string, maxWaitMs?: number) => {
		const gate = Promise.withResolvers<string>();
		const result = lock.withLock(key, () => (log.push(`${name} begins`), gate.promise), { maxWaitMs });
		const outcome = result.then(
			(value) => log.push(`${name} gave ${value}`),
			(error: { code?: string; message: string }) => log.push(`${name}: ${error.code ?? error.message}`)
		);
		return {
			done: async () => (gate.resolve(name), outcome),
			fail: async () => (gate.reject(new Error('broke')), outcome),
			outcome
		};
	};
	return { clock, lock, log, hold };
}

it('runs one at a time for each key, in the order in which they came', async () => {
	const { lock, log, hold } = setUp();
	const [a, b, c] = [hold('k', 'a'), hold('k', 'b'), hold('other', 'c')];
	await turn();
	expect(log).toEqual(['a begins', 'c begins']);
	await a.done();
	await turn();
	expect(log.slice(2)).toEqual(expect.arrayContaining(['a gave a', 'b begins']));
	await Promise.all([b.done(), c.done()]);
	await turn();
	expect(lock.size).toBe(0);
});

it('goes on after a holder that failed, and hands its error to its own caller alone', async () => {
	const { lock, log, hold } = setUp();
	const [a, b] = [hold('k', 'a'), hold('k', 'b')];
	await a.fail();
	await b.done();
	expect(log).toEqual(expect.arrayContaining(['a begins', 'a: broke', 'b begins', 'b gave b']));
	expect(lock.size).toBe(0);
});

it('lets one that waited too long go without disturbing the others, and leaves no timer', async () => {
	const { clock, log, hold } = setUp();
	const [a, b, c] = [hold('k', 'a'), hold('k', 'b', 100), hold('k', 'c', 200)];
	clock.advance(100);
	await b.outcome;
	expect(log).toEqual(['a begins', 'b: LOCK_TIMEOUT']);
	await a.done();
	await turn();
	expect(log).toContain('c begins');
	clock.advance(1_000);
	await c.done();
	expect(log.at(-1)).toBe('c gave c');
	expect(clock.pending).toBe(0);
});

it('refuses all who wait when it is cleared, while who holds a key goes on', async () => {
	const { clock, lock, log, hold } = setUp();
	const [a, b] = [hold('k', 'a'), hold('k', 'b', 100)];
	lock.clear();
	await b.outcome;
	expect(log).toEqual(['a begins', 'b: LOCK_CLEARED']);
	await a.done();
	expect([lock.size, clock.pending]).toEqual([0, 0]);
});

it('never runs two of one key together, whatever fails or gives up', async () => {
	const step = fc.record({
		key: fc.constantFrom('a', 'b'),
		ms: fc.nat(5),
		fails: fc.boolean(),
		maxWaitMs: fc.option(fc.nat(5), { nil: undefined })
	});
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
			const clock = manualClock();
			const lock = new KeyedLock(clock, (category) => expect.unreachable(category));
			const running = new Map<string, number>();
			let ended = 0;
			const all = steps.map(({ key, ms, fails, maxWaitMs }) =>
				lock
					.withLock(
						key,
						async () => {
							running.set(key, (running.get(key) ?? 0) + 1);
							expect(running.get(key)).toBe(1);
							await new Promise<void>((resolve) => clock.after(ms, resolve));
							running.set(key, 0);
							if (fails) throw new Error('asked to');
						},
						{ maxWaitMs }
					)
					.catch((error: Error) => expect(error.message).toMatch(/asked to|was not free/))
					.finally(() => ended++)
			);
			while (ended < steps.length) {
				clock.advance(1);
				await turn();
			}
			await Promise.all(all);
			expect([lock.size, clock.pending]).toEqual([0, 0]);
		}),
		{ numRuns: 50 }
	);
});
