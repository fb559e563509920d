import type { Context } from '../../define/context.ts';
import type { Stream } from '../../define/definition.ts';
import type { Feature } from '../../runtime/host.ts';
import { denial } from '../../runtime/pipeline.ts';
import { follow } from './follow.ts';
import { ownedTopics, topicOf } from './topic.ts';

/** `live.stream(topic, load, options)`: topic, access, subscription, loader, in this order. */
export const stream: Feature<'stream'> = {
	kind: 'stream',
	install(host, { path, definition }) {
		const topics = ownedTopics(definition);
		return {
			topics,
			async subscribe(context, args, request) {
				const topic = topicOf(definition, topics, context, args);
				await allow(definition, context, args);
				return follow(host, { path, definition, topic, context, args, request });
			},
			async load(context, args) {
				await allow(definition, context, args);
				return definition.load(context, ...args);
			},
			[Symbol.dispose]() {}
		};
	}
};

async function allow({ options }: Stream, context: Context, args: readonly unknown[]): Promise<void> {
	if (options.access && (await options.access(context, ...args)) !== true) throw denial(context, undefined);
}
