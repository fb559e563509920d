/** Who holds a lease. */
export interface Tenure {
	readonly holder: string;
	/** Grows each time the holder changes: what an earlier holder still does can be told by its smaller number. */
	readonly epoch: number;
}

/** Elects one holder per name, for example the leader that runs timers. */
export interface LeaseStore {
	/** Takes the lease if it is free, or renews it for its holder; gives who holds it then. */
	hold(name: string, holder: string, ttlMs: number): Promise<Tenure>;
	/** Frees it; false when somebody else holds it, or nobody. */
	release(name: string, holder: string): Promise<boolean>;
	current(name: string): Promise<Tenure | undefined>;
	/** Frees everything that a holder had who is gone for good. */
	drop(holder: string): Promise<void>;
}
