import type { Context } from './context.ts';
import { define, type Binary, type Call, type Handler, type Upload } from './definition.ts';
import { problem } from './problem.ts';

/** A function, or one that is wrapped already. */
export type Wrappable<Args extends unknown[], Out> = ((ctx: Context, ...args: Args) => Out | Promise<Out>) | Call<Args, Out>;

/** Procedures of other kinds, which stay of their kind when they are wrapped. */
export type Transfer = Binary<any[], any> | Upload<any[], any>;

const KINDS: readonly string[] = ['call', 'binary', 'upload'];

/** Puts one more step around a procedure. */
export function wrap(what: string, step: string, options: unknown, inner: Wrappable<any[], any> | Transfer): any {
	if (typeof inner === 'function') return define({ kind: 'call', run: inner as Handler, steps: [{ step, options }] });
	if (typeof inner !== 'object' || inner === null || !KINDS.includes(inner.kind))
		throw problem(what, 'fn', inner, 'a function (ctx, ...args) => result, or one that live() or a wrapper gave');
	return define({ ...inner, steps: [{ step, options }, ...inner.steps] });
}
