import type { Context } from './context.ts';
import { define, isDefined, type Binary, type Call, type Handler, type Step, type Stream, type Upload } from './definition.ts';
import { problem } from './problem.ts';

/** A function, or one that is wrapped already. */
export type Wrappable<Args extends unknown[], Out> = ((ctx: Context, ...args: Args) => Out | Promise<Out>) | Call<Args, Out>;

/** Procedures of other kinds, which stay of their kind when they are wrapped. */
export type Transfer = Binary<any[], any> | Upload<any[], any>;

/** What stays of its type when it is wrapped by something that streams know too. */
export type Kept = Transfer | Stream<any[], any>;

/** What a wrapper is put around. */
export type Inner = Wrappable<any[], any> | Kept;

/** Puts one more step around a procedure. */
export function wrap(what: string, step: string, options: unknown, inner: Inner): any {
	if (typeof inner === 'function') return define({ kind: 'call', run: inner as Handler, steps: [{ step, options }] });
	if (isDefined(inner)) {
		if (inner.kind === 'call' || inner.kind === 'binary' || inner.kind === 'upload')
			return define({ ...inner, steps: [{ step, options }, ...inner.steps] });
		if (inner.kind === 'stream') return wrapStream(what, { step, options }, inner);
	}
	throw problem(what, 'fn', inner, 'a function (ctx, ...args) => result, or one that live() or a wrapper gave');
}

/** The wrappers that a procedure, or the loader of a stream, has already. */
export function stepsOf(inner: Inner): readonly Step[] {
	if (!isDefined(inner) || !('steps' in inner)) return [];
	return inner.kind === 'stream' ? inner.loading : inner.steps;
}

/** Where a wrapper acts on a stream. */
const ON_STREAMS: ReadonlyMap<string, 'steps' | 'loading'> = new Map([
	['validated', 'steps'],
	['rateLimit', 'steps'],
	['public', 'steps'],
	['lock', 'loading'],
	['breaker', 'loading']
]);

/** Why the others do not, and what to do. */
const NOT_ON_STREAMS: ReadonlyMap<string, string> = new Map([
	['idempotent', 'a procedure: a stream is loaded anew for who asks again. Put it around the loader to load once for many'],
	['volatile', 'a procedure: for events that may be lost a stream has the option volatile']
]);

function wrapStream(what: string, { step, options }: Step, inner: Stream): Stream {
	const place = ON_STREAMS.get(step);
	if (!place) throw problem(what, 'fn', 'a stream', NOT_ON_STREAMS.get(step) ?? 'a procedure');
	return define({ ...inner, [place]: [{ step, options }, ...inner[place]] });
}
