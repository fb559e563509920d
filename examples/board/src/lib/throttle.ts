/** Runs `send` at most once in `ms` milliseconds: at once when it was quiet, and with the newest arguments at the end of each interval. */
export function throttle<Args extends unknown[]>(ms: number, send: (...args: Args) => void): (...args: Args) => void {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let waiting: Args | undefined;
	const tick = (): void => {
		timer = undefined;
		if (!waiting) return;
		send(...waiting);
		waiting = undefined;
		timer = setTimeout(tick, ms);
	};
	return (...args) => {
		waiting = args;
		if (!timer) tick();
	};
}
