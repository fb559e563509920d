import { spawnSync } from 'node:child_process';
import { expect, it, vi } from 'vitest';
import { manualClock, systemClock } from './clock.ts';

it('runs a timer of the system clock, and not one that was disposed', async () => {
	const clock = systemClock();
	const disposed = vi.fn<() => void>();
	clock.after(0, disposed)[Symbol.dispose]();
	await new Promise<void>((resolve) => clock.after(1, resolve));
	expect(disposed).not.toHaveBeenCalled();
});

it('takes a delay longer than a timer can hold without firing at once', async () => {
	const clock = systemClock();
	const fired = vi.fn<() => void>();
	using timer = clock.after(Number.MAX_SAFE_INTEGER, fired);
	await new Promise<void>((resolve) => clock.after(5, resolve));
	expect(timer).toBeDefined();
	expect(fired).not.toHaveBeenCalled();
});

it('runs what is soon in order, after the current turn', async () => {
	const clock = systemClock();
	const order: string[] = [];
	clock.soon(() => order.push('first'));
	await new Promise<void>((resolve) => {
		clock.soon(() => {
			order.push('second');
			resolve();
		});
		order.push('now');
	});
	expect(order).toEqual(['now', 'first', 'second']);
});

it('moves a manual clock only when told, running timers in order of time', () => {
	const clock = manualClock();
	const order: [string, number][] = [];
	clock.after(20, () => order.push(['later', clock.now()]));
	clock.after(10, () => {
		order.push(['first', clock.now()]);
		clock.after(5, () => order.push(['nested', clock.now()]));
	});
	const cancelled = clock.after(1, () => order.push(['cancelled', clock.now()]));
	cancelled[Symbol.dispose]();
	clock.advance(19);
	expect(order).toEqual([
		['first', 10],
		['nested', 15]
	]);
	expect(clock.pending).toBe(1);
	clock.advance(1);
	expect(order.at(-1)).toEqual(['later', 20]);
	expect(clock.pending).toBe(0);
});

it('keeps no process alive by its timers', () => {
	const script = `
		import { systemClock } from ${JSON.stringify(new URL('./clock.ts', import.meta.url).href)};
		const clock = systemClock();
		clock.after(600_000, () => {});
		clock.after(3_000_000_000, () => {});
	`;
	const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
		timeout: 30_000,
		encoding: 'utf8'
	});
	expect([status, stderr]).toEqual([0, '']);
});
