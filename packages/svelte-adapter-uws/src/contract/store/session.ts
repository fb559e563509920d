/** What belongs to a token, for as long as somebody uses it. Data is a copy, as JSON. */
export interface SessionStore {
	/** The data, which then lives for `ttlMs` from now; `undefined` when there is none any more. */
	get(token: string, ttlMs: number): Promise<unknown>;
	/** Rejects with a TypeError for what JSON cannot carry. */
	set(token: string, data: unknown, ttlMs: number): Promise<void>;
	/** Lets the data live for `ttlMs` from now; false when there is none any more. */
	touch(token: string, ttlMs: number): Promise<boolean>;
	/** True when there was something. */
	delete(token: string): Promise<boolean>;
}
