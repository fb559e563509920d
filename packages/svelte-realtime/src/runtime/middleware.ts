import type { Context } from '../define/context.ts';
import type { Middleware } from '../define/app-settings.ts';
import { LiveError } from '../shared/error.ts';
import type { Subscribed } from './host.ts';

/** Runs a call inside all middleware; its result is what the outermost gives. */
export async function around(
	chain: readonly Middleware[],
	context: Context,
	path: string,
	run: () => unknown,
	index = 0
): Promise<unknown> {
	const middleware = chain[index];
	if (!middleware) return run();
	let inner: Promise<unknown> | undefined;
	let isOver = false;
	const given = await middleware(
		context,
		() => {
			if (isOver) throw new Error(`A middleware of ${path} called next() after it had ended.`);
			if (inner) throw new Error(`A middleware of ${path} called next() twice.`);
			inner = around(chain, context, path, run, index + 1);
			// Whoever does not wait for it hears of a failure all the same, below.
			inner.catch(() => {});
			return inner;
		},
		path
	);
	isOver = true;
	return given === undefined ? (inner ?? null) : given;
}

/** Loads inside all middleware, which sees the value of `run`. What it gives changes nothing; who ends it is refused. */
export async function aroundLoad<Loaded>(
	chain: readonly Middleware[],
	context: Context,
	path: string,
	{ run, value }: { readonly run: () => unknown; readonly value: (loaded: Loaded) => unknown }
): Promise<Loaded> {
	let loading: Promise<Loaded> | undefined;
	const outcome = around(chain, context, path, () => {
		loading = Promise.resolve(run() as Loaded | Promise<Loaded>);
		return loading.then(value);
	});
	try {
		await outcome;
	} catch (error) {
		await loading?.then(undo, () => {});
		throw error;
	}
	if (!loading) throw new LiveError('FORBIDDEN');
	return loading;
}

function undo(loaded: unknown): void {
	(loaded as Partial<Subscribed> | undefined)?.undo?.();
}
