const GROWTH = 2.2;

/**
 * Milliseconds to wait before attempt `attempt` (from 0): `base × 2.2^attempt`, at most `max`, and of that anything from 75 to 125
 * percent, so that the clients of a restarted server do not come back all at once. `random` gives 0 up to, but without, 1.
 */
export function nextReconnectDelay(base: number, max: number, attempt: number, random: () => number = Math.random): number {
	return Math.min(base * GROWTH ** attempt, max) * (0.75 + random() / 2);
}
