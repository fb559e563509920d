import type { Context } from './context.ts';
import { define, type Stream } from './definition.ts';
import type { PipeStep } from './pipe-step.ts';
import { problem } from './problem.ts';

/** A step of the app's own: changes the first value. */
export interface CustomStep {
	readonly transformInit?: (data: any, ctx: Context) => unknown;
}

/** What `pipe` is: a function, with one member a kind of step. */
export interface Pipe {
	/**
	 * A stream whose data passes through steps: its first value, and its events. It keeps every option of the stream.
	 * @example export const mine = pipe(todos, pipe.filter((ctx, todo) => todo.owner === ctx.user.id), pipe.sort('due'), pipe.limit(20));
	 */
	<Args extends unknown[], Value>(stream: Stream<Args, Value>, ...steps: readonly (PipeStep | CustomStep)[]): Stream<Args, Value>;
	/** Leaves out items; an item that no longer passes is taken away. Sync. Where it takes no `ctx`, write `(_, item)`. */
	filter(passes: (ctx: Context, item: any) => boolean): PipeStep;
	/** Keeps the list in the order of a field. */
	sort(field: string, direction?: 'asc' | 'desc'): PipeStep;
	/** Keeps the first items. */
	limit(count: number): PipeStep;
	/** Adds to each item, as `as`, what `resolve` gives for its `field`; asked once for each value of one load or event. */
	join(field: string, resolve: (value: any) => unknown, as: string): PipeStep;
}

const STEPS: ReadonlySet<unknown> = new Set(['filter', 'sort', 'limit', 'join', 'custom']);

function readStep(step: PipeStep | CustomStep): PipeStep {
	if (typeof step !== 'object' || step === null) throw problem('pipe', 'step', step, 'one of pipe.filter, sort, limit and join');
	if ('step' in step && STEPS.has(step.step)) return step;
	const { transformInit } = step as CustomStep;
	if (typeof transformInit !== 'function')
		throw problem('pipe', 'step', step, 'one of pipe.filter, sort, limit and join, or { transformInit(data, ctx) }');
	return { step: 'custom', transformInit: (data, ctx) => transformInit.call(step, data, ctx) };
}

/** A predicate whose first parameter is named `_…` or that has none does not look at who subscribes. */
function usesContext(passes: (ctx: any, item: any) => boolean): boolean {
	return passes.length > 0 && !/^(?:function\s*\w*\s*)?\(?\s*_/.test(Function.prototype.toString.call(passes));
}

/** `pipe(stream, ...steps)` and its steps. */
export const pipe: Pipe = Object.assign(
	(stream: Stream<any, any>, ...steps: readonly (PipeStep | CustomStep)[]) => {
		if (typeof stream !== 'object' || stream === null || stream.kind !== 'stream')
			throw problem('pipe', 'stream', stream, 'what live.stream(topic, load) gives');
		return define({ ...stream, pipes: [...stream.pipes, ...steps.map(readStep)] });
	},
	{
		filter(passes: (ctx: any, item: any) => boolean): PipeStep {
			if (typeof passes !== 'function') throw problem('pipe.filter', 'predicate', passes, 'a function (ctx, item) => boolean');
			return { step: 'filter', passes, usesContext: usesContext(passes) };
		},
		sort(field: string, direction: 'asc' | 'desc' = 'asc'): PipeStep {
			if (typeof field !== 'string' || field === '') throw problem('pipe.sort', 'field', field, 'the name of a field');
			if (direction !== 'asc' && direction !== 'desc') throw problem('pipe.sort', 'direction', direction, `'asc' or 'desc'`);
			return { step: 'sort', field, direction };
		},
		limit(count: number): PipeStep {
			if (!Number.isSafeInteger(count) || count < 1) throw problem('pipe.limit', 'count', count, 'a whole number from 1');
			return { step: 'limit', count };
		},
		join(field: string, resolve: (value: any) => unknown, as: string): PipeStep {
			if (typeof field !== 'string' || field === '') throw problem('pipe.join', 'field', field, 'the name of a field');
			if (typeof resolve !== 'function')
				throw problem('pipe.join', 'resolve', resolve, 'a function (value) => what belongs to it');
			if (typeof as !== 'string' || as === '') throw problem('pipe.join', 'as', as, 'the name of a field');
			return { step: 'join', field, resolve, as };
		}
	}
);
