import type { Plan } from './plan.ts';

/** The topics of a stream for whose events a client that reads too slowly has to come back, or whatever the stream says. */
export class SlowTopics implements Disposable {
	readonly #plan: Plan;
	readonly #all: Disposable | undefined;
	/** Of topics whose names are not known before. */
	readonly #followed = new Map<string, { count: number; readonly rule: Disposable }>();

	constructor(plan: Plan) {
		this.#plan = plan;
		const { owned } = plan;
		// A topic keeps the policy that it has when somebody joins it, so it has to be said before.
		const name = 'exact' in owned ? owned.exact : owned.prefix && `${owned.prefix}*`;
		if (name) this.#all = this.#rule(name);
	}

	/** Somebody is about to join a topic, or a view of one; gives how it ends. */
	enter(topic: string): () => void {
		const { owned, options } = this.#plan;
		const isKnown = 'exact' in owned ? topic === owned.exact : owned.prefix !== '';
		// In a rule, * stands for more than itself.
		if (options.whenSlow === 'drop' || isKnown || topic.includes('*')) return () => {};
		const found = this.#followed.get(topic);
		const rule = found?.rule ?? this.#rule(topic);
		if (!rule) return () => {};
		const entry = found ?? { count: 0, rule };
		entry.count++;
		this.#followed.set(topic, entry);
		return () => {
			if (--entry.count > 0) return;
			this.#followed.delete(topic);
			entry.rule[Symbol.dispose]();
		};
	}

	[Symbol.dispose](): void {
		this.#all?.[Symbol.dispose]();
		for (const { rule } of this.#followed.values()) rule[Symbol.dispose]();
		this.#followed.clear();
	}

	#rule(topics: string): Disposable | undefined {
		const { host, options } = this.#plan;
		// What promises that nothing is missed keeps it: the client comes back, and is told the rest.
		const policy = options.whenSlow ?? (options.replay || options.delta ? 'close' : undefined);
		return policy && host.platform.whenSlow(topics, policy);
	}
}
