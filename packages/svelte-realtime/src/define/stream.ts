import { define, type Handler, type Stream, type StreamOptions } from './definition.ts';
import { problem } from './problem.ts';

const MERGES: ReadonlySet<string> = new Set(['crud', 'latest', 'set', 'presence', 'cursor']);
const OPTIONS: ReadonlySet<string> = new Set(['merge', 'key', 'prepend', 'max', 'access', 'onSubscribe', 'onUnsubscribe']);

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const TOPIC = /^(?!__)[^\u0000-\u001f"\\]{1,256}$/;

/** Whether a value can be the name of a topic. */
export const isTopic = (value: unknown): value is string => typeof value === 'string' && TOPIC.test(value);
/** What a topic has to be, for messages. */
export const TOPIC_RULE =
	'a name of at most 256 characters that does not start with __ and holds no quotes, backslashes or control characters';

/** The arguments of a dynamic stream are those of its topic: a loader or an access check that ignores some must not narrow them. */
export type TopicArguments<Topic> = Topic extends (ctx: any, ...args: infer Args) => unknown ? Args : never;

/** `live.stream`. */
export function stream<Args extends unknown[], Value>(
	topic: Stream<Args, Value>['topic'],
	load: Handler<Args, Value>,
	options: StreamOptions<Args> = {}
): Stream<Args, Value> {
	if (typeof topic !== 'function' && !isTopic(topic))
		throw problem('live.stream', 'topic', topic, `${TOPIC_RULE}, or a function (ctx, ...args) => name`);
	if (typeof topic === 'function' && topic.constructor.name === 'AsyncFunction')
		throw problem('live.stream', 'topic', 'an async function', 'a function that gives the name at once');
	if (typeof load !== 'function') throw problem('live.stream', 'load', load, 'a function (ctx, ...args) => value');
	// A misspelt `access` would let everybody in.
	for (const name of Object.keys(options))
		if (!OPTIONS.has(name)) throw problem('live.stream', 'options', name, [...OPTIONS].join(', '));
	const { merge, key, prepend, max, access, onSubscribe, onUnsubscribe } = options;
	if (merge !== undefined && !MERGES.has(merge)) throw problem('live.stream', 'merge', merge, [...MERGES].join(', '));
	if (key !== undefined && (typeof key !== 'string' || key === ''))
		throw problem('live.stream', 'key', key, 'the name of a field');
	if (prepend !== undefined && typeof prepend !== 'boolean') throw problem('live.stream', 'prepend', prepend, 'true or false');
	if (max !== undefined && !(Number.isSafeInteger(max) && max >= 0))
		throw problem('live.stream', 'max', max, 'a whole number from 0');
	for (const [name, value] of Object.entries({ access, onSubscribe, onUnsubscribe })) {
		if (value !== undefined && typeof value !== 'function') throw problem('live.stream', name, value, 'a function');
	}
	return define({ kind: 'stream', topic, load, options });
}
