/** How much a key may do. */
export interface RateRule {
	/** What a full bucket holds. */
	readonly points: number;
	/** Milliseconds after which a bucket is full again, counted from its first use. */
	readonly intervalMs: number;
	/** Milliseconds for which a key that asks too much is banned; 0 or absent = it waits for the bucket. */
	readonly blockMs?: number;
}

export interface RateVerdict {
	readonly allowed: boolean;
	/** Points that are left. */
	readonly remaining: number;
	/** Milliseconds until the bucket is full again or the ban is over. */
	readonly resetMs: number;
}

/** Buckets of points by key. */
export interface RateLimitStore {
	/** Takes `cost` points, or none when there are fewer. Rejects with a RangeError for a cost or rule that is no finite number of 0 or more. */
	take(key: string, cost: number, rule: RateRule): Promise<RateVerdict>;
	/** Refuses a key for so long, whatever it asks. */
	ban(key: string, ms: number): Promise<void>;
	/** Ends a ban; true when there was one. */
	unban(key: string): Promise<boolean>;
	/** Forgets a key, with its ban. */
	reset(key: string): Promise<void>;
}
