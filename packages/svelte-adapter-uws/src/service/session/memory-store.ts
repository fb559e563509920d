import type { Clock } from '../../contract/clock.ts';
import type { SessionStore } from '../../contract/store/session.ts';
import { fromText, toText } from '../json.ts';
import { ExpiringTable } from '../plugin/expiring-table.ts';

const MAX_SESSIONS = 1_000_000;

/** Sessions of one process; those used longest ago go when there are too many. */
export class MemorySessionStore implements SessionStore {
	readonly #texts: ExpiringTable<string>;

	constructor(clock: Clock, maxSessions: number = MAX_SESSIONS) {
		this.#texts = new ExpiringTable(clock, maxSessions);
	}

	async get(token: string, ttlMs: number): Promise<unknown> {
		const text = this.#texts.get(token);
		if (text === undefined) return undefined;
		this.#texts.set(token, text, ttlMs);
		return fromText(text);
	}

	async set(token: string, data: unknown, ttlMs: number): Promise<void> {
		this.#texts.set(token, toText(data), ttlMs);
	}

	async touch(token: string, ttlMs: number): Promise<boolean> {
		const text = this.#texts.get(token);
		if (text !== undefined) this.#texts.set(token, text, ttlMs);
		return text !== undefined;
	}

	async delete(token: string): Promise<boolean> {
		return this.#texts.delete(token);
	}
}
