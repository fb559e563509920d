/** What is known of a key: nobody had it and the caller has it now, somebody is at work on it, or its result. */
export type Claim =
	| { readonly state: 'claimed'; readonly token: string }
	| { readonly state: 'pending' }
	| { readonly state: 'settled'; readonly result: unknown };

/** Lets one caller of many do something, and the others have its result. */
export interface IdempotencyStore {
	/** Claims a key; who neither settles nor abandons it within `ttlMs` loses it to the next. */
	claim(key: string, ttlMs: number): Promise<Claim>;
	/** Keeps the result (a copy, as JSON) for `ttlMs`; false when the claim was lost. Rejects with a TypeError for what JSON cannot carry. */
	settle(key: string, token: string, result: unknown, ttlMs: number): Promise<boolean>;
	/** Gives the claim up, for the next to try; false when it was lost. */
	abandon(key: string, token: string): Promise<boolean>;
	/** Forgets a key in whatever state; true when there was something to forget. */
	forget(key: string): Promise<boolean>;
}
