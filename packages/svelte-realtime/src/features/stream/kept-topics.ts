import { Followed } from './followed.ts';
import type { Plan } from './plan.ts';

/**
 * The topics of a stream whose events the store keeps. They are known from the beginning where their names are known to begin with a
 * text; of others, those that somebody on this node follows.
 */
export class KeptTopics implements Disposable {
	readonly #followed = new Followed();
	readonly #keeping: Disposable | undefined;

	constructor({ host, options, owned }: Plan) {
		if (!options.replay) return;
		const matches = (topic: string): boolean =>
			'exact' in owned
				? topic === owned.exact
				: owned.prefix === ''
					? this.#followed.has(topic)
					: topic.startsWith(owned.prefix) && !topic.startsWith('__');
		this.#keeping = host.platform.keep(matches);
	}

	/** Somebody follows a topic; gives how it ends. */
	enter(topic: string): () => void {
		return this.#keeping ? this.#followed.enter(topic) : () => {};
	}

	[Symbol.dispose](): void {
		this.#keeping?.[Symbol.dispose]();
	}
}
