/** Failures that pass, so that loading again is worth it. */
export const TRANSIENT: readonly string[] = ['TIMEOUT', 'INTERNAL_ERROR', 'OVERLOADED', 'SERVICE_UNAVAILABLE', 'RATE_LIMITED'];

/** Milliseconds before attempt `attempt` (1 = the first) to load a stream again; `random` gives 0 to 1. The first two are quick. */
export function loadDelay(attempt: number, random: () => number): number {
	if (attempt <= 2) return 20 + random() * 80;
	return Math.min(1000 * 2.2 ** (attempt - 2), 300_000) * (0.75 + random() * 0.5);
}
