import type { Clock } from '../../contract/clock.ts';
import type { IdempotencyStore } from '../../contract/store/idempotency.ts';
import { checkCap, checkKey, checkSpan } from '../plugin/check.ts';
import { ExpiringTable } from '../plugin/expiring-table.ts';

export interface DedupOptions {
	/** Milliseconds for which an id is known, from its first claim on. */
	readonly ttl: number;
	/** Ids that are kept; above it the oldest go. Default 10,000. */
	readonly maxEntries?: number;
	/** UTF-16 units. Default 256. */
	readonly maxIdLength?: number;
	/** Default the time of the machine. */
	readonly clock?: Clock;
}

/** Which ids were seen, in one process. */
export class LocalDedup {
	readonly #ttl: number;
	readonly #maxIdLength: number;
	readonly #table: ExpiringTable<true>;

	constructor({ ttl, maxEntries = 10_000, maxIdLength = 256, clock }: DedupOptions & { readonly clock: Clock }) {
		this.#ttl = checkSpan('createDedup: ttl', ttl);
		this.#maxIdLength = checkCap('createDedup: maxIdLength', maxIdLength);
		this.#table = new ExpiringTable(clock, checkCap('createDedup: maxEntries', maxEntries));
	}

	/** True for the first who claims an id in its window. Throws for an id that is empty, no string or too long. */
	claim(id: string): boolean {
		if (this.has(id)) return false;
		this.#table.set(id, true, this.#ttl);
		return true;
	}

	has(id: string): boolean {
		checkKey('dedup: id', id, this.#maxIdLength);
		return this.#table.get(id) !== undefined;
	}

	/** True when it was known. */
	delete(id: string): boolean {
		checkKey('dedup: id', id, this.#maxIdLength);
		return this.#table.delete(id);
	}

	/** Number of ids that are known. */
	size(): number {
		return this.#table.size;
	}

	clear(): void {
		this.#table.clear();
	}
}

/** The same over all nodes, in a store. */
export class SharedDedup {
	readonly #ttl: number;
	readonly #maxIdLength: number;
	readonly #store: IdempotencyStore;

	constructor({
		ttl,
		maxIdLength = 256,
		store
	}: Pick<DedupOptions, 'ttl' | 'maxIdLength'> & { readonly store: IdempotencyStore }) {
		this.#ttl = checkSpan('createDedup: ttl', ttl);
		this.#maxIdLength = checkCap('createDedup: maxIdLength', maxIdLength);
		this.#store = store;
	}

	/** True for the first who claims an id in its window, on whatever node. Rejects for an id that is empty, no string or too long. */
	async claim(id: string): Promise<boolean> {
		checkKey('dedup: id', id, this.#maxIdLength);
		return (await this.#store.claim(`dedup:${id}`, this.#ttl)).state === 'claimed';
	}

	/** True when it was known. */
	async delete(id: string): Promise<boolean> {
		checkKey('dedup: id', id, this.#maxIdLength);
		return this.#store.forget(`dedup:${id}`);
	}
}
