import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Computation } from './computation.ts';

/** Somebody who follows, and what it sees: the value it came with, and then the last that it was told. */
interface Follower {
	seen: unknown;
}

const step = fc.oneof(
	// Something changes and is published, changes unseen, or is published without a change.
	fc.record({ do: fc.constant('change' as const), tells: fc.boolean() }),
	fc.record({ do: fc.constant('publish' as const) }),
	fc.record({ do: fc.constant('come' as const) }),
	fc.record({ do: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 4 }) })
);

it('shows all followers the same in the end, and nobody an older value after a newer one', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(step, { maxLength: 30 }),
			fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1 }),
			async (steps, delays) => {
				let value = 0;
				let runs = 0;
				let running = 0;
				const followers: Follower[] = [];
				const told: number[] = [];
				const loads: Promise<void>[] = [];
				const computation = new Computation(
					async () => {
						expect(++running).toBe(1);
						const read = value;
						for (let left = delays[runs++ % delays.length]!; left > 0; left--) await Promise.resolve();
						running--;
						return read;
					},
					(news) => {
						told.push(news as number);
						for (const follower of followers) follower.seen = news;
					}
				);
				for (const now of steps) {
					if (now.do === 'change') value++;
					if (now.do === 'publish' || (now.do === 'change' && now.tells)) void computation.refresh();
					if (now.do === 'come') {
						const follower: Follower = { seen: undefined };
						const from = value;
						followers.push(follower);
						loads.push(
							computation.current().then((first) => {
								expect(first).toBeGreaterThanOrEqual(from);
								// Events that came before the answer go on top of it.
								follower.seen ??= first;
							})
						);
					}
					if (now.do === 'wait') for (let left = now.turns; left > 0; left--) await Promise.resolve();
				}
				await Promise.all(loads);
				await computation.current();
				expect(new Set(followers.map(({ seen }) => seen)).size).toBeLessThanOrEqual(1);
				for (const { seen } of followers) expect(seen).toBe(value);
				expect(told).toEqual([...new Set(told)].toSorted((a, b) => a - b));
			}
		)
	);
});

it('computes no more than once more, however many ask meanwhile', async () => {
	const ends: (() => void)[] = [];
	const computation = new Computation(
		() => new Promise<void>((resolve) => ends.push(resolve)),
		() => {}
	);
	const all = Array.from({ length: 100 }, () => computation.current());
	expect(new Set(all).size).toBe(2);
	ends[0]!();
	await all[0];
	await expect.poll(() => ends.length).toBe(2);
	ends[1]!();
	await Promise.all(all);
	expect(ends).toHaveLength(2);
});
