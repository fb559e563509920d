import type { Position } from '../contract/envelope.ts';
import type { ReplayStore, Stored } from '../contract/store/replay.ts';

/** What one node keeps for itself in a store that it shares: its topics have names of their own there, and its epochs are nobody else's. */
export class OwnReplay implements Pick<ReplayStore, 'append' | 'current' | 'since'> {
	readonly #store: Pick<ReplayStore, 'append' | 'current' | 'since'>;
	readonly #node: string;
	readonly #suffix: string;

	constructor(store: Pick<ReplayStore, 'append' | 'current' | 'since'>, node: string) {
		this.#store = store;
		this.#node = node;
		this.#suffix = `@${node}`;
	}

	async append(topic: string, event: string, data: unknown): Promise<Stored> {
		return this.#read(topic, await this.#store.append(this.#name(topic), event, data));
	}

	async current(topic: string): Promise<Position> {
		return this.#position(await this.#store.current(this.#name(topic)));
	}

	async since(topic: string, { epoch, seq }: Position): Promise<readonly Stored[] | undefined> {
		if (!epoch.endsWith(this.#suffix)) return undefined;
		const stored = await this.#store.since(this.#name(topic), { epoch: epoch.slice(0, -this.#suffix.length), seq });
		return stored?.map((one) => this.#read(topic, one));
	}

	// No topic holds a control character, so the names of two cannot meet.
	#name(topic: string): string {
		return `${topic}\n${this.#node}`;
	}

	#read(topic: string, { event, data, position }: Stored): Stored {
		return { topic, event, data, position: this.#position(position) };
	}

	#position({ epoch, seq }: Position): Position {
		return { epoch: epoch + this.#suffix, seq };
	}
}
