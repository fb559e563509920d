import type { Clock } from '../../contract/clock.ts';
import type { SessionStore } from '../../contract/store/session.ts';
import { checkCap, checkKey, checkSpan } from '../plugin/check.ts';
import { ExpiringTable } from '../plugin/expiring-table.ts';

export interface SessionOptions {
	/** Milliseconds that a session lives after its last use. */
	readonly ttl: number;
	/** Sessions that are kept; above it those used longest ago go. Default 10,000. */
	readonly maxEntries?: number;
	/** Default the time of the machine. */
	readonly clock?: Clock;
}

const checkToken = (token: unknown): void => checkKey('session: token', token, Infinity);

/** What belongs to tokens, in one process. Every use lets it live for another `ttl`. */
export class Sessions<Data> {
	readonly #ttl: number;
	/** In a box, because data may be `undefined`. */
	readonly #table: ExpiringTable<{ readonly data: Data }>;

	constructor({ ttl, maxEntries = 10_000, clock }: SessionOptions & { readonly clock: Clock }) {
		this.#ttl = checkSpan('createSession: ttl', ttl);
		this.#table = new ExpiringTable(clock, checkCap('createSession: maxEntries', maxEntries));
	}

	/** The data itself, not a copy; `null` when there is none any more. Throws a TypeError for what is no token. */
	get(token: string): Data | null {
		return this.#use(token)?.data ?? null;
	}

	set(token: string, data: Data): void {
		checkToken(token);
		this.#table.set(token, { data }, this.#ttl);
	}

	/** False when there is none any more. */
	touch(token: string): boolean {
		return this.#use(token) !== undefined;
	}

	/** True when there was one. */
	delete(token: string): boolean {
		checkToken(token);
		return this.#table.delete(token);
	}

	/** Number of live sessions. */
	size(): number {
		return this.#table.size;
	}

	clear(): void {
		this.#table.clear();
	}

	#use(token: string): { readonly data: Data } | undefined {
		checkToken(token);
		const box = this.#table.get(token);
		if (box) this.#table.set(token, box, this.#ttl);
		return box;
	}
}

/** The same over all nodes, in a store. Data is copied as JSON. */
export class SharedSessions<Data> {
	readonly #ttl: number;
	readonly #store: SessionStore;

	constructor({ ttl, store }: { readonly ttl: number; readonly store: SessionStore }) {
		this.#ttl = checkSpan('createSession: ttl', ttl);
		this.#store = store;
	}

	/** `null` when there is none any more. Rejects with a TypeError for what is no token. */
	async get(token: string): Promise<Data | null> {
		checkToken(token);
		return ((await this.#store.get(token, this.#ttl)) ?? null) as Data | null;
	}

	async set(token: string, data: Data): Promise<void> {
		checkToken(token);
		await this.#store.set(token, data, this.#ttl);
	}

	/** False when there is none any more. */
	async touch(token: string): Promise<boolean> {
		checkToken(token);
		return this.#store.touch(token, this.#ttl);
	}

	/** True when there was one. */
	async delete(token: string): Promise<boolean> {
		checkToken(token);
		return this.#store.delete(token);
	}
}
