import type { OwnedTopics } from './host.ts';

/** Whether a topic belongs to a stream; `maybe` where that cannot be known. */
export type Ownership = 'yes' | 'no' | 'maybe';

/** The topics that installed streams own. Its size is that of the app's code, not of its traffic. */
export class TopicTable {
	readonly #exact = new Map<string, number>();
	readonly #prefixes = new Map<string, number>();

	add(owned: OwnedTopics): void {
		count(this.#tableOf(owned), nameOf(owned), 1);
	}

	remove(owned: OwnedTopics): void {
		count(this.#tableOf(owned), nameOf(owned), -1);
	}

	ownership(topic: string): Ownership {
		if (this.#exact.has(topic)) return 'yes';
		for (const prefix of this.#prefixes.keys()) if (prefix !== '' && topic.startsWith(prefix)) return 'yes';
		return this.#prefixes.has('') ? 'maybe' : 'no';
	}

	#tableOf(owned: OwnedTopics): Map<string, number> {
		return 'exact' in owned ? this.#exact : this.#prefixes;
	}
}

function nameOf(owned: OwnedTopics): string {
	return 'exact' in owned ? owned.exact : owned.prefix;
}

function count(table: Map<string, number>, name: string, by: 1 | -1): void {
	const next = (table.get(name) ?? 0) + by;
	if (next > 0) table.set(name, next);
	else table.delete(name);
}
