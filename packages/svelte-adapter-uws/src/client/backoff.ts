const GROWTH = 2.2;

/**
 * Milliseconds to wait before attempt `attempt` (from 0): anything from 0 up to `base × 2.2^attempt`, at most `max`. Spreading over
 * the whole range keeps the clients of a restarted server from coming back all at once.
 */
export function nextReconnectDelay(base: number, max: number, attempt: number, random: () => number = Math.random): number {
	return random() * Math.min(base * GROWTH ** attempt, max);
}
