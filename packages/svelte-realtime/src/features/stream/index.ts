import type { Context } from '../../define/context.ts';
import type { Stream } from '../../define/definition.ts';
import type { Feature } from '../../runtime/host.ts';
import { denial, guarded, isThenable } from '../../runtime/pipeline.ts';
import { LiveError } from '../../shared/error.ts';
import { follow } from './follow.ts';

/** `live.stream(topic, load, options)`: guard, topic, access, subscription, loader, in this order. */
export const stream: Feature<'stream'> = {
	kind: 'stream',
	install(host, { path, definition, guard }) {
		const pass = guarded(guard, () => undefined);
		return {
			topics: typeof definition.topic === 'string' ? [definition.topic] : 'any',
			async subscribe(context, args) {
				await pass(context);
				const topic = topicOf(definition, context, args);
				await allow(definition, context, args);
				return follow(host, { path, definition, topic, context, args });
			},
			async load(context, args) {
				if (guard && context.user === undefined) {
					throw new Error(`${path} has a guard, so .load() needs to know who asks. Pass { user: locals.user }, or { user: null } for nobody.`);
				}
				await pass(context);
				await allow(definition, context, args);
				return definition.load(context, ...args);
			},
			[Symbol.dispose]() {}
		};
	}
};

function topicOf({ topic }: Stream, context: Context, args: readonly unknown[]): string {
	const name: unknown = typeof topic === 'string' ? topic : topic(context, ...args);
	if (typeof name !== 'string' || name === '' || name.length > 256) throw new LiveError('INVALID_REQUEST', 'The arguments do not name a topic.');
	if (name.startsWith('__')) throw new LiveError('INVALID_REQUEST', 'Reserved topic prefix');
	// eslint-disable-next-line no-control-regex -- control characters are what is looked for
	if (/[\u0000-\u001f"\\]/.test(name)) throw new LiveError('INVALID_REQUEST', 'The arguments do not name a topic.');
	return name;
}

async function allow({ options }: Stream, context: Context, args: readonly unknown[]): Promise<void> {
	if (!options.access) return;
	let verdict: unknown = options.access(context, ...args);
	if (isThenable(verdict)) verdict = await verdict;
	if (verdict !== true) throw denial(context, undefined);
}
