import type { Context } from './context.ts';
import { define, isDefined, type Call, type Handler, type Stream } from './definition.ts';
import { checkNames, problem } from './problem.ts';
import type { StreamOptions } from './stream-options.ts';
import { parametersOf, takesContext } from '../shared/topic-context.ts';

const MERGES: ReadonlySet<string> = new Set(['crud', 'latest', 'set', 'presence', 'cursor']);

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const TOPIC = /^(?!__)(?!.*~~)[^\u0000-\u001f"\\]{1,256}$/;

/** Whether a value can be the name of a topic. */
export const isTopic = (value: unknown): value is string => typeof value === 'string' && TOPIC.test(value);
/** What a topic has to be, for messages. */
export const TOPIC_RULE =
	'a name of at most 256 characters that does not start with __ and holds no ~~, quotes, backslashes or control characters';

export const isMerge = (value: unknown): boolean => MERGES.has(value as string);
export const MERGE_RULE: string = [...MERGES].join(', ');

/** The arguments of a dynamic stream are those of its topic: a loader or an access check that ignores some must not narrow them. */
export type TopicArguments<Topic> = Topic extends (ctx: any, ...args: infer Args) => unknown ? Args : never;

/** A topic function with a single parameter, or with rest parameters alone. */
export type OneArgument = (argument: any) => string;

/** Refuses a topic function whose only parameter is the context, or may be; of others it is the client's argument. */
export type WithoutContext<Topic extends OneArgument> = Context extends Parameters<Topic>[0] ? never : unknown;

type Check = readonly [passes: (value: any) => boolean, expected: string];

const isFunction = (value: unknown): boolean => typeof value === 'function' && value.constructor.name !== 'AsyncFunction';
const FUNCTION: Check = [(value) => typeof value === 'function', 'a function'];
const SYNC: Check = [isFunction, 'a function that gives its result at once'];
const BOOLEAN: Check = [(value) => typeof value === 'boolean', 'true or false'];
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const VERSIONS: Check = [
	(value) => isObject(value) && Object.entries(value).every(([from, run]) => /^\d+$/.test(from) && typeof run === 'function'),
	'{ [version]: (item) => item }'
];

/** What each option may be. A name that stands not here is refused: a misspelt `access` would let everybody in. */
const CHECKS: Readonly<Record<keyof StreamOptions, Check>> = {
	merge: [isMerge, MERGE_RULE],
	key: [isText, 'the name of a field'],
	prepend: BOOLEAN,
	max: [(value) => Number.isSafeInteger(value) && value >= 0, 'a whole number from 0'],
	args: [
		(value) =>
			((typeof value === 'object' && value !== null) || typeof value === 'function') &&
			('~standard' in value || 'safeParse' in value),
		'a schema: Standard Schema, or an object with safeParse'
	],
	access: FUNCTION,
	filter: FUNCTION,
	topicCtx: BOOLEAN,
	transform: SYNC,
	coalesceBy: SYNC,
	volatile: BOOLEAN,
	replay: [
		(value) =>
			typeof value === 'boolean' ||
			(isObject(value) && (value.size === undefined || (Number.isSafeInteger(value.size) && value.size > 0))),
		'true, false or { size }, a whole number from 1'
	],
	delta: [
		(value) =>
			isObject(value) &&
			['version', 'diff', 'fromSeq'].every((name) => value[name] === undefined || typeof value[name] === 'function'),
		'an object with the functions version, diff and fromSeq'
	],
	whenSlow: [(value) => ['drop', 'coalesce', 'close'].includes(value), 'drop, coalesce or close'],
	classOfService: [isText, 'the name of a class of live.admission'],
	staleAfterMs: [(value) => Number.isFinite(value) && value > 0 && value <= 2_147_483_647, 'milliseconds above 0'],
	invalidateOn: [
		(value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
		'a topic, or a list of them, in which * stands for one or more characters'
	],
	refreshAs: FUNCTION,
	version: [(value) => Number.isSafeInteger(value) && value > 0, 'a whole number from 1'],
	migrate: VERSIONS,
	downgrade: VERSIONS,
	onError: FUNCTION,
	onSubscribe: FUNCTION,
	onUnsubscribe: FUNCTION
};

function checkOptions(what: string, options: StreamOptions): void {
	checkNames(what, options, Object.keys(CHECKS));
	for (const [name, value] of Object.entries(options)) {
		const [passes, expected] = CHECKS[name as keyof StreamOptions];
		if (value !== undefined && !passes(value)) throw problem(what, name, value, expected);
	}
	const { volatile, coalesceBy, replay, version, migrate, downgrade } = options;
	if (volatile && coalesceBy) throw problem(what, 'volatile', true, 'not with coalesceBy: choose one of them');
	if (volatile && replay)
		throw problem(what, 'volatile', true, 'not with replay: an event without a position cannot be found again');
	if ((migrate || downgrade) && version === undefined)
		throw problem(what, 'version', version, 'a whole number from 1, beside migrate and downgrade');
}

/** `live.stream`, and with `channel` what stands below `live.channel`. */
export function stream<Args extends unknown[], Value>(
	topic: Stream<Args, Value>['topic'],
	load: Handler<Args, Value> | Call<Args, Value>,
	options: StreamOptions<Args> = {},
	channel: boolean = false
): Stream<Args, Value> {
	const what = channel ? 'live.channel' : 'live.stream';
	if (typeof topic !== 'function' && !isTopic(topic))
		throw problem(what, 'topic', topic, `${TOPIC_RULE}, or a function (ctx, ...args) => name`);
	if (typeof topic === 'function' && topic.constructor.name === 'AsyncFunction')
		throw problem(what, 'topic', 'an async function', 'a function that gives the name at once');
	const loader = loaderOf(load);
	if (!loader) throw problem(what, 'load', load, 'a function (ctx, ...args) => value, or one in wrappers');
	checkOptions(what, options);
	const topicCtx = options.topicCtx ?? (typeof topic === 'function' && takesContext(parametersOf(topic)));
	return define({
		kind: 'stream',
		topic,
		load: loader.run,
		loading: loader.steps,
		options,
		topicCtx,
		channel,
		steps: [],
		gates: [],
		pipes: []
	});
}

/** A function and what wraps it. */
function loaderOf<Args extends unknown[], Value>(
	load: Handler<Args, Value> | Call<Args, Value>
): Pick<Call<Args, Value>, 'run' | 'steps'> | undefined {
	if (typeof load === 'function') return { run: load, steps: [] };
	return isDefined(load) && load.kind === 'call' ? load : undefined;
}
