import type { SlowPolicy } from 'svelte-adapter-uws/contract';
import { Followed } from './followed.ts';
import type { Plan } from './plan.ts';

/** The topics of a stream for whose events a client that reads too slowly has to come back, or whatever the stream says. */
export class SlowTopics implements Disposable {
	readonly #plan: Plan;
	readonly #all: Disposable | undefined;
	/** Of topics whose names are not known before. */
	readonly #followed = new Followed();

	constructor(plan: Plan) {
		this.#plan = plan;
		const { owned } = plan;
		// A topic keeps the policy that it has when somebody joins it, so it has to be said before.
		const name = 'exact' in owned ? owned.exact : owned.prefix && `${owned.prefix}*`;
		if (name) this.#all = this.#rule(name);
	}

	/** Somebody is about to join a topic, or a view of one; gives how it ends. */
	enter(topic: string): () => void {
		const { owned } = this.#plan;
		const isKnown = 'exact' in owned ? topic === owned.exact : owned.prefix !== '';
		// In a rule, * stands for more than itself.
		if (!this.#policy || isKnown || topic.includes('*')) return () => {};
		return this.#followed.enter(topic, () => this.#rule(topic));
	}

	[Symbol.dispose](): void {
		this.#all?.[Symbol.dispose]();
		this.#followed[Symbol.dispose]();
	}

	/** `undefined` = that of the platform, which is to drop. */
	get #policy(): SlowPolicy | undefined {
		const { replay, delta, whenSlow } = this.#plan.options;
		// What promises that nothing is missed keeps it: the client comes back, and is told the rest.
		return whenSlow ?? (replay || delta ? 'close' : undefined);
	}

	#rule(topics: string): Disposable | undefined {
		return this.#policy && this.#plan.host.platform.whenSlow(topics, this.#policy);
	}
}
