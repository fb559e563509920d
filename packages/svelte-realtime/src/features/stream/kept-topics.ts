import type { Keeping, Position } from 'svelte-adapter-uws/contract';
import { Followed } from './followed.ts';
import type { Plan } from './plan.ts';

/**
 * The topics of a stream whose events the store keeps. They are known from the beginning where their names are known to begin with a
 * text; of others, those that somebody on this node follows.
 */
export class KeptTopics implements Disposable {
	readonly #followed = new Followed();
	readonly #keeping: Keeping | undefined;

	constructor({ host, options, owned }: Plan) {
		if (!options.replay) return;
		const matches = (topic: string): boolean =>
			'exact' in owned
				? topic === owned.exact
				: owned.prefix === ''
					? this.#followed.has(topic)
					: topic.startsWith(owned.prefix) && !topic.startsWith('__');
		// What a bus of the app's brings, every node is brought, also those that share a store with this one: each would keep it again.
		this.#keeping = host.platform.keep(matches, { isApart: host.isBridged });
	}

	/** What is kept; `undefined` where the stream keeps nothing. */
	get events(): Pick<Keeping, 'current' | 'since'> | undefined {
		return this.#keeping;
	}

	/** Where a topic with a history stands. */
	async position(topic: string): Promise<Position | undefined> {
		return this.#keeping?.current(topic);
	}

	/** Somebody follows a topic; gives how it ends. */
	enter(topic: string): () => void {
		return this.#keeping ? this.#followed.enter(topic) : () => {};
	}

	[Symbol.dispose](): void {
		this.#keeping?.[Symbol.dispose]();
	}
}
