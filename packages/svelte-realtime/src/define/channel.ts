import type { MergeName } from 'svelte-adapter-uws/merge';
import type { Context } from './context.ts';
import type { Stream } from './definition.ts';
import { stream, type OneArgument, type TopicArguments, type WithoutContext } from './stream.ts';
import type { StreamOptions } from './stream-options.ts';

/** `live.channel`. */
export interface Channel {
	/**
	 * A stream of events alone, without a loader: it begins with `null` for `set`, its default merge, and with an empty list for
	 * every other one.
	 * @example export const typing = live.channel((ctx, room: string) => `typing:${room}`, { merge: 'presence' });
	 */
	channel<Topic extends (ctx: Context, ...args: any[]) => string, Value = any>(
		topic: Topic,
		options?: StreamOptions<TopicArguments<Topic>>
	): Stream<TopicArguments<Topic>, Value>;
	channel<Topic extends OneArgument, Value = any>(
		topic: Topic & WithoutContext<Topic>,
		options?: StreamOptions<Parameters<Topic>>
	): Stream<Parameters<Topic>, Value>;
	channel<Value = any>(topic: string, options?: StreamOptions<[]>): Stream<[], Value>;
}

const DEFAULT: MergeName = 'set';

export const channel: Channel['channel'] = (topic: Stream['topic'], options: StreamOptions = {}) => {
	const { merge = DEFAULT } = options;
	return stream(topic, () => (merge === DEFAULT ? null : []), { ...options, merge }, true);
};
