import type { SlowPolicy } from '../contract/platform.ts';

const POLICIES: readonly unknown[] = ['drop', 'coalesce', 'close'] satisfies SlowPolicy[];

interface Rule {
	/** A topic, or the beginning of topics. */
	readonly name: string;
	readonly policy: SlowPolicy;
}

/** What becomes of the events of a topic for whom they find no room. */
export class SlowPolicies {
	readonly #beginnings = new Set<Rule>();
	readonly #topics = new Map<string, readonly Rule[]>();

	/** A rule for one topic, or with `*` at the end for all that begin so. Throws a RangeError for anything else. */
	add(topics: string, policy: SlowPolicy): Disposable {
		if (!POLICIES.includes(policy)) throw new RangeError(`whenSlow: got ${String(policy)}, expected drop, coalesce or close.`);
		const isPrefix = topics.endsWith('*');
		const name = isPrefix ? topics.slice(0, -1) : topics;
		if (name.includes('*')) throw new RangeError(`whenSlow: got ${JSON.stringify(topics)}, expected * at the end alone.`);
		const rule: Rule = { name, policy };
		if (isPrefix) this.#beginnings.add(rule);
		else this.#topics.set(name, [...(this.#topics.get(name) ?? []), rule]);
		return { [Symbol.dispose]: () => (isPrefix ? void this.#beginnings.delete(rule) : this.#remove(rule)) };
	}

	/** A rule for the topic itself decides, or else the one with the longest name that fits; of equal ones the last. */
	of(topic: string): SlowPolicy {
		const own = this.#topics.get(topic)?.at(-1);
		if (own) return own.policy;
		let found: Rule | undefined;
		for (const rule of this.#beginnings)
			if (topic.startsWith(rule.name) && (!found || rule.name.length >= found.name.length)) found = rule;
		return found?.policy ?? 'drop';
	}

	#remove(rule: Rule): void {
		const left = this.#topics.get(rule.name)?.filter((other) => other !== rule);
		if (left?.length) this.#topics.set(rule.name, left);
		else this.#topics.delete(rule.name);
	}
}
