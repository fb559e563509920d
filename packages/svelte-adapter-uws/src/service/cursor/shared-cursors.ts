import type { Clock } from '../../contract/clock.ts';
import type { CursorStore } from '../../contract/store/cursor.ts';
import type { CursorEntry } from './entry.ts';

export interface SharedCursorsParts {
	readonly store: CursorStore;
	readonly node: string;
	/** Milliseconds after which the cursors of a node that died are gone. */
	readonly ttlMs: number;
	readonly clock: Clock;
	readonly onError: (error: unknown) => void;
}

/** Milliseconds between two times that one cursor is written: the list is for those who come, moves are published anyway. */
const WRITE_MS = 1_000;

interface Written {
	/** What is to be written once the last write is old enough. */
	latest: CursorEntry | undefined;
	/** Runs while the last write is not. */
	timer: Disposable | undefined;
}

/** The cursors of all nodes, by topic, in their store. */
export class SharedCursors {
	readonly #parts: SharedCursorsParts;
	/** By topic and key. */
	readonly #written = new Map<string, Map<string, Written>>();
	#renewal: Disposable | undefined;

	constructor(parts: SharedCursorsParts) {
		this.#parts = parts;
	}

	/** Writes a cursor now, or what it is then once the last write is a second old. */
	put(topic: string, entry: CursorEntry): void {
		const cursors = this.#written.get(topic) ?? new Map<string, Written>();
		const written = cursors.get(entry.key) ?? { latest: undefined, timer: undefined };
		this.#written.set(topic, cursors.set(entry.key, written));
		if (written.timer) written.latest = entry;
		else this.#write(topic, entry, written);
		this.#renewal ??= this.#renewLater();
	}

	/** Takes a cursor away; resolves when nobody finds it any more. */
	async drop(topic: string, key: string): Promise<void> {
		const cursors = this.#written.get(topic);
		cursors?.get(key)?.timer?.[Symbol.dispose]();
		cursors?.delete(key);
		if (cursors?.size === 0) this.#written.delete(topic);
		await this.#parts.store.remove(topic, key);
	}

	async list(topic: string): Promise<CursorEntry[]> {
		return (await this.#parts.store.list(topic)).map(({ key, user, data }) => ({ key, user, data }));
	}

	/** Writes and renews nothing any more. */
	clear(): void {
		for (const cursors of this.#written.values()) for (const { timer } of cursors.values()) timer?.[Symbol.dispose]();
		this.#written.clear();
		this.#renewal?.[Symbol.dispose]();
		this.#renewal = undefined;
	}

	#write(topic: string, entry: CursorEntry, written: Written): void {
		const { store, node, ttlMs, clock, onError } = this.#parts;
		store.put(topic, { ...entry, node }, ttlMs).catch(onError);
		written.timer = clock.after(WRITE_MS, () => {
			const { latest } = written;
			written.latest = written.timer = undefined;
			if (latest) this.#write(topic, latest, written);
		});
	}

	/** Says regularly that the cursors of this node are still there, also those that do not move. */
	#renewLater(): Disposable {
		const { store, node, ttlMs, clock, onError } = this.#parts;
		return clock.after(ttlMs / 3, () => {
			this.#renewal = undefined;
			if (this.#written.size === 0) return;
			this.#renewal = this.#renewLater();
			store.touch([...this.#written.keys()], node, ttlMs).catch(onError);
		});
	}
}
