import { problem } from './problem.ts';

/** The longest that a timer of the machine waits. */
const MAX_MS = 2_147_483_647;

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const SOURCE = /^[^\u0000-\u001f"\\]{1,256}$/;

/** Whether a value names topics to listen to: a name, or one with `*` in it. */
export const isSource = (value: unknown): value is string => typeof value === 'string' && SOURCE.test(value);

export const SOURCE_RULE = 'a topic, in which * stands for one or more characters';

/** Throws unless it is a list of topics to listen to, and not an empty one. */
export function checkSources(what: string, sources: unknown): void {
	if (!Array.isArray(sources) || sources.length === 0) throw problem(what, 'sources', sources, 'a list of topics');
	for (const source of sources) if (!isSource(source)) throw problem(what, 'sources', source, SOURCE_RULE);
}

/** Throws unless it is absent, or a time that can be waited for. */
export function checkDebounce(what: string, debounce: unknown): void {
	if (debounce !== undefined && !(typeof debounce === 'number' && debounce >= 0 && debounce <= MAX_MS))
		throw problem(what, 'debounce', debounce, `milliseconds from 0 to ${MAX_MS}`);
}
