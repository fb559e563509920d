import type { Context } from './context.ts';
import { define, type Stream } from './definition.ts';
import { problem } from './problem.ts';

/** `live.gate`. */
export interface Gate {
	/**
	 * A stream that shows nothing, and fails for nobody, while `predicate` says no: the store stays `undefined`. It keeps every
	 * option of the stream.
	 * @example export const beta = live.gate((ctx) => ctx.user.beta, live.stream('beta', () => db.beta()));
	 */
	gate<Args extends unknown[], Value>(
		predicate: NoInfer<(ctx: Context, ...args: Args) => boolean | Promise<boolean>>,
		stream: Stream<Args, Value>
	): Stream<Args, Value>;
}

export const gate: Gate['gate'] = (predicate, stream) => {
	if (typeof predicate !== 'function') throw problem('live.gate', 'predicate', predicate, 'a function (ctx, ...args) => boolean');
	if (typeof stream !== 'object' || stream === null || stream.kind !== 'stream')
		throw problem('live.gate', 'stream', stream, 'what live.stream(topic, load) gives');
	return define({ ...stream, gates: [predicate, ...stream.gates] });
};
