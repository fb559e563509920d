import type { SlowPolicy } from '../contract/platform.ts';

const POLICIES: readonly unknown[] = ['drop', 'coalesce', 'close'] satisfies SlowPolicy[];

interface Rule {
	/** A topic, or the beginning of topics. */
	readonly name: string;
	readonly isPrefix: boolean;
	readonly policy: SlowPolicy;
}

/** What becomes of the events of a topic for whom they find no room. */
export class SlowPolicies {
	readonly #rules = new Set<Rule>();

	/** A rule for one topic, or with `*` at the end for all that begin so. Throws a RangeError for anything else. */
	add(topics: string, policy: SlowPolicy): Disposable {
		if (!POLICIES.includes(policy)) throw new RangeError(`whenSlow: got ${String(policy)}, expected drop, coalesce or close.`);
		const isPrefix = topics.endsWith('*');
		const name = isPrefix ? topics.slice(0, -1) : topics;
		if (name.includes('*')) throw new RangeError(`whenSlow: got ${JSON.stringify(topics)}, expected * at the end alone.`);
		const rule = { name, isPrefix, policy };
		this.#rules.add(rule);
		return { [Symbol.dispose]: () => void this.#rules.delete(rule) };
	}

	/** The rule with the longest name that fits decides; of equal ones the last. */
	of(topic: string): SlowPolicy {
		let found: Rule | undefined;
		for (const rule of this.#rules) {
			const fits = rule.isPrefix ? topic.startsWith(rule.name) : topic === rule.name;
			if (fits && (!found || weight(rule) >= weight(found))) found = rule;
		}
		return found?.policy ?? 'drop';
	}
}

/** A topic by its full name goes before every beginning. */
const weight = ({ name, isPrefix }: Rule): number => (isPrefix ? name.length : Infinity);
