/** A close reason that tells a client after how many milliseconds to come back. */
export function withRetryHint(reason: string, ms: number): string {
	return `${reason}; retry in ${Math.round(ms)} ms`;
}

/** The milliseconds that a close reason names; `undefined` = it names none. */
export function retryHint(reason: string): number | undefined {
	const ms = /; retry in (\d+) ms$/.exec(reason);
	return ms ? Number(ms[1]) : undefined;
}
