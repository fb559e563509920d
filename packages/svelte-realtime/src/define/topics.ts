import { problem } from './problem.ts';

/** A topic: its name, or a function that gives it. */
export type TopicEntry = string | ((...args: any[]) => string);
/** The topics of an app by what they are called in its code. */
export type TopicMap = Readonly<Record<string, TopicEntry>>;

/** What `defineTopics` gives: the same object, and two properties that a loop over it does not see. */
export type DefinedTopics<M extends TopicMap> = M & {
	readonly __definedTopics: true;
	/** The name of each topic, with `{arg0}`, `{arg1}` … in the place of arguments; `<dynamic>` where that cannot be told. */
	readonly __patterns: { readonly [K in keyof M]: string };
};

const RESERVED: readonly string[] = ['__patterns', '__definedTopics'];

/**
 * Names the topics of an app in one place. Gives the object back. Throws a TypeError for what is neither a text nor a function.
 * @example export const topics = defineTopics({ news: 'news', room: (id: string) => `room:${id}` });
 */
export function defineTopics<const M extends TopicMap>(map: M): DefinedTopics<M> {
	const what = 'defineTopics';
	if (typeof map !== 'object' || map === null || Array.isArray(map))
		throw problem(what, 'map', map, 'an object with topics by name');
	const patterns: Record<string, string> = {};
	for (const [name, topic] of Object.entries(map)) {
		if (RESERVED.includes(name)) throw problem(what, 'a name', name, 'any other: it is reserved');
		if (typeof topic !== 'function' && !(typeof topic === 'string' && topic !== ''))
			throw problem(what, name, topic, 'a text, or a function (...args) => text');
		patterns[name] = typeof topic === 'string' ? topic : patternOf(topic);
	}
	return Object.defineProperties(map, {
		__definedTopics: { value: true },
		__patterns: { value: Object.freeze(patterns) }
	}) as DefinedTopics<M>;
}

function patternOf(topic: (...args: any[]) => string): string {
	try {
		const name: unknown = topic(...Array.from({ length: topic.length }, (_, i) => `{arg${i}}`));
		return typeof name === 'string' ? name : '<dynamic>';
	} catch {
		return '<dynamic>';
	}
}
