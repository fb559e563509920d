/** Runs `run` with the next frame that the page paints, within a second where it paints none, as in the background; at once outside browsers. */
export function paint(run: () => void): void {
	if (typeof requestAnimationFrame !== 'function') return run();
	const once = (): void => {
		clearTimeout(timer);
		cancelAnimationFrame(frame);
		run();
	};
	const timer = setTimeout(once, 1000);
	const frame = requestAnimationFrame(once);
}
