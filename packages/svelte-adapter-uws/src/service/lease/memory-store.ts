import type { Clock } from '../../contract/clock.ts';
import type { LeaseStore, Tenure } from '../../contract/store/lease.ts';
import { Expiring } from '../expiring.ts';

const MAX_NAMES = 100_000;

/** Leases of one process. */
export class MemoryLeaseStore implements LeaseStore {
	readonly #tenures: Expiring<Tenure>;
	/** One counter for all names grows for each of them. */
	#epoch = 0;

	constructor(clock: Clock, maxNames: number = MAX_NAMES) {
		this.#tenures = new Expiring(clock, 'lease store', maxNames);
	}

	async hold(name: string, holder: string, ttlMs: number): Promise<Tenure> {
		const current = this.#tenures.get(name);
		if (current !== undefined && current.holder !== holder) return current;
		const tenure = current ?? { holder, epoch: ++this.#epoch };
		this.#tenures.set(name, tenure, ttlMs);
		return tenure;
	}

	async release(name: string, holder: string): Promise<boolean> {
		return this.#tenures.get(name)?.holder === holder && this.#tenures.delete(name);
	}

	async drop(holder: string): Promise<void> {
		for (const [name, tenure] of [...this.#tenures.entries()]) if (tenure.holder === holder) this.#tenures.delete(name);
	}

	async current(name: string): Promise<Tenure | undefined> {
		return this.#tenures.get(name);
	}
}
