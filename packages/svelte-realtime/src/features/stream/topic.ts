import type { Context } from '../../define/context.ts';
import type { Stream } from '../../define/definition.ts';
import type { OwnedTopics } from '../../runtime/host.ts';
import { LiveError } from '../../shared/error.ts';
import { VIEW_MARK } from '../../shared/topics.ts';
import { atOnce } from '../../shared/thenable.ts';

const NAME = String.raw`[\w$]+`;
const LITERAL = String.raw`[^\`\\$]`;
const EXPRESSION = String.raw`\$\{[\w$.?\s]+\}`;
/** An arrow function whose whole body is a template that begins with text: `(ctx, id) => `notes:${id}``. */
const TEMPLATE = new RegExp(
	String.raw`^\(?\s*(?:${NAME}\s*(?:,\s*${NAME}\s*)*)?\)?\s*=>\s*\`(${LITERAL}+)(?:${LITERAL}|${EXPRESSION})*\`$`
);

/**
 * Which topics a stream may name. What a function gives cannot be known in general; it is known where its text shows that the
 * result begins with a constant, and any other function may name everything.
 */
export function ownedTopics({ topic, named }: Stream): OwnedTopics {
	if (typeof topic === 'string') return { exact: topic };
	return { prefix: TEMPLATE.exec(Function.prototype.toString.call(named ?? topic))?.[1] ?? '' };
}

/** The topic for these arguments. Throws for names that cannot be one. */
export function topicOf(
	{ topic }: Stream,
	{ owned, topicCtx }: { readonly owned: OwnedTopics; readonly topicCtx: boolean },
	context: Context,
	args: readonly unknown[]
): string {
	const name: unknown =
		typeof topic === 'string'
			? topic
			: topicCtx
				? topic(context, ...args)
				: (topic as unknown as (...args: readonly unknown[]) => unknown)(...args);
	atOnce('The topic function of a stream', name);
	if (typeof name !== 'string' || name === '' || name.length > 256)
		throw new LiveError('INVALID_REQUEST', 'The arguments do not name a topic.');
	if (name.startsWith('__')) throw new LiveError('INVALID_REQUEST', 'Reserved topic prefix');
	if (name.includes(VIEW_MARK)) throw new LiveError('INVALID_REQUEST', `A topic cannot hold ${VIEW_MARK}.`);
	// eslint-disable-next-line no-control-regex -- control characters are what is looked for
	if (/[\u0000-\u001f"\\]/.test(name)) throw new LiveError('INVALID_REQUEST', 'The arguments do not name a topic.');
	// Clients are kept off topics by what is known of their names, so a name must never be another than was foreseen.
	if ('prefix' in owned && !name.startsWith(owned.prefix))
		throw new Error(
			`The topic ${JSON.stringify(name)} does not begin with ${JSON.stringify(owned.prefix)}, as its function says.`
		);
	return name;
}
