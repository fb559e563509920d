import { afterEach, expect, it, vi } from 'vitest';
import { paint } from './paint.ts';

afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

/** A page whose frames the test paints. */
function page() {
	vi.useFakeTimers();
	const frames = new Map<number, () => void>();
	let count = 0;
	vi.stubGlobal('requestAnimationFrame', (run: () => void) => (frames.set(++count, run), count));
	vi.stubGlobal('cancelAnimationFrame', (id: number) => void frames.delete(id));
	return frames;
}

it('waits for the next frame that is painted, and runs once', () => {
	const frames = page();
	const run = vi.fn();
	paint(run);
	expect(run).not.toHaveBeenCalled();
	for (const frame of frames.values()) frame();
	vi.advanceTimersByTime(5_000);
	expect(run).toHaveBeenCalledOnce();
});

it('runs within a second in a hidden page, which paints nothing', () => {
	const frames = page();
	const run = vi.fn();
	paint(run);
	vi.advanceTimersByTime(1_000);
	expect(run).toHaveBeenCalledOnce();
	expect(frames.size).toBe(0);
});

it('runs at once where nothing is painted', () => {
	const run = vi.fn();
	paint(run);
	expect(run).toHaveBeenCalledOnce();
});
