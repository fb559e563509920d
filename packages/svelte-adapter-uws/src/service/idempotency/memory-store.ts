import type { Clock } from '../../contract/clock.ts';
import type { Claim, IdempotencyStore } from '../../contract/store/idempotency.ts';
import { Expiring } from '../expiring.ts';
import { fromText, toText } from '../json.ts';

const MAX_KEYS = 1_000_000;

/** Claims of one process. */
export class MemoryIdempotencyStore implements IdempotencyStore {
	readonly #slots: Expiring<{ readonly token: string } | { readonly text: string }>;
	readonly #randomId: () => string;

	constructor(clock: Clock, randomId: () => string, maxKeys: number = MAX_KEYS) {
		this.#slots = new Expiring(clock, 'idempotency store', maxKeys);
		this.#randomId = randomId;
	}

	async claim(key: string, ttlMs: number): Promise<Claim> {
		const slot = this.#slots.get(key);
		if (slot) return 'text' in slot ? { state: 'settled', result: fromText(slot.text) } : { state: 'pending' };
		const token = this.#randomId();
		this.#slots.set(key, { token }, ttlMs);
		return { state: 'claimed', token };
	}

	async settle(key: string, token: string, result: unknown, ttlMs: number): Promise<boolean> {
		const text = toText(result);
		if (!this.#isHeld(key, token)) return false;
		this.#slots.set(key, { text }, ttlMs);
		return true;
	}

	async abandon(key: string, token: string): Promise<boolean> {
		return this.#isHeld(key, token) && this.#slots.delete(key);
	}

	async forget(key: string): Promise<boolean> {
		return this.#slots.delete(key);
	}

	#isHeld(key: string, token: string): boolean {
		const slot = this.#slots.get(key);
		return slot !== undefined && 'token' in slot && slot.token === token;
	}
}
