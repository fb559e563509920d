import type { RateLimitStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

const RULE = { points: 3, intervalMs: 1_000 };

/** Laws of a `RateLimitStore`: as many points as the rule has, for all nodes together, and bans. */
export const rateLimitStoreSuite: (subject: Subject<StoreFixture<RateLimitStore>>) => void = defineSuite(
	'rate limit store',
	(law) => {
		law('allows as much as the rule has, whoever asks and however many at once', async (fixture) => {
			const any = inTurn(fixture);
			const verdicts = await Promise.all(Array.from({ length: 10 }, () => any().take('k', 1, RULE)));
			expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(3);
			expect((await any().take('other', 1, RULE)).allowed).toBe(true);
		});

		law('says what is left, and takes nothing from who asks too much', async (fixture) => {
			const any = inTurn(fixture);
			expect(await any().take('k', 2, RULE)).toMatchObject({ allowed: true, remaining: 1 });
			expect(await any().take('k', 2, RULE)).toMatchObject({ allowed: false, remaining: 1 });
			expect(await any().take('k', 0, RULE)).toMatchObject({ allowed: true, remaining: 1 });
			expect(await any().take('k', 1, RULE)).toMatchObject({ allowed: true, remaining: 0 });
			expect((await any().take('new', 4, RULE)).allowed).toBe(false);
		});

		law('fills the bucket when the interval is over, and says how long that takes', async (fixture) => {
			const any = inTurn(fixture);
			expect((await any().take('k', 3, RULE)).resetMs).toBeLessThanOrEqual(1_000);
			await fixture.pass(600);
			const { allowed, resetMs } = await any().take('k', 1, RULE);
			expect(allowed).toBe(false);
			expect(resetMs).toBeGreaterThan(0);
			expect(resetMs).toBeLessThanOrEqual(400);
			await fixture.pass(450);
			expect(await any().take('k', 1, RULE)).toMatchObject({ allowed: true, remaining: 2 });
		});

		law('bans who asks too much where the rule says so, for longer than the bucket takes', async (fixture) => {
			const any = inTurn(fixture);
			const rule = { points: 1, intervalMs: 100, blockMs: 800 };
			await any().take('k', 1, rule);
			expect(await any().take('k', 1, rule)).toMatchObject({ allowed: false, remaining: 0 });
			await fixture.pass(300);
			const banned = await any().take('k', 1, rule);
			expect(banned.allowed).toBe(false);
			expect(banned.resetMs).toBeGreaterThan(100);
			await fixture.pass(600);
			expect((await any().take('k', 1, rule)).allowed).toBe(true);
		});

		law('bans and unbans by hand', async (fixture) => {
			const any = inTurn(fixture);
			await any().ban('k', 60_000);
			expect((await any().take('k', 0, RULE)).allowed).toBe(false);
			expect(await any().unban('k')).toBe(true);
			expect(await any().unban('k')).toBe(false);
			expect((await any().take('k', 1, RULE)).allowed).toBe(true);
		});

		law('forgets a key with its ban', async (fixture) => {
			const any = inTurn(fixture);
			await any().take('k', 3, RULE);
			await any().ban('k', 60_000);
			await any().reset('k');
			expect(await any().take('k', 1, RULE)).toMatchObject({ allowed: true, remaining: 2 });
		});

		law('refuses costs and rules that are no numbers of 0 or more', async (fixture) => {
			const any = inTurn(fixture);
			for (const cost of [-1, NaN, Infinity]) await expect(any().take('k', cost, RULE)).rejects.toThrow(RangeError);
			await expect(any().take('k', 1, { points: NaN, intervalMs: 1_000 })).rejects.toThrow(RangeError);
			await expect(any().ban('k', -5)).rejects.toThrow(RangeError);
			expect(await any().take('k', 1, RULE)).toMatchObject({ allowed: true, remaining: 2 });
		});
	}
);
