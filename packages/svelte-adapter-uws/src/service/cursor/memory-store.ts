import type { Clock } from '../../contract/clock.ts';
import type { CursorSeat, CursorStore } from '../../contract/store/cursor.ts';
import { fromText, toText } from '../json.ts';
import { Seating } from '../seating.ts';

const MAX_CURSORS = 1_000_000;

/** Cursors of one process. */
export class MemoryCursorStore implements CursorStore {
	/** User and position as JSON, by cursor. */
	readonly #seating: Seating<{ readonly user: string; readonly data: string }>;

	constructor(clock: Clock, maxCursors: number = MAX_CURSORS) {
		this.#seating = new Seating(clock, 'cursor store', maxCursors);
	}

	async put(topic: string, { key, node, user, data }: CursorSeat, ttlMs: number): Promise<void> {
		this.#seating.put(topic, { id: key, node, value: { user: toText(user), data: toText(data) } }, ttlMs);
	}

	async remove(topic: string, key: string): Promise<boolean> {
		return this.#seating.delete(topic, key) !== undefined;
	}

	async touch(topics: readonly string[], node: string, ttlMs: number): Promise<void> {
		this.#seating.touch(topics, node, ttlMs);
	}

	async list(topic: string): Promise<readonly CursorSeat[]> {
		return this.#seating
			.list(topic)
			.map(({ id, node, value }) => ({ key: id, node, user: fromText(value.user), data: fromText(value.data) }));
	}

	async drop(node: string): Promise<void> {
		this.#seating.drop(node);
	}
}
