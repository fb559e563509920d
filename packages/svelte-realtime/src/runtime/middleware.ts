import type { Context } from '../define/context.ts';
import type { Middleware } from '../define/app-settings.ts';
import { LiveError } from '../shared/error.ts';
import type { Subscribed } from './host.ts';
import { isThenable } from '../shared/thenable.ts';

/** Runs a call inside all middleware; its result is what the outermost gives. A promise only where one of them, or `run`, makes one. */
export function around(chain: readonly Middleware[], context: Context, path: string, run: () => unknown, index = 0): unknown {
	const middleware = chain[index];
	if (!middleware) return run();
	let result: unknown;
	let inner: Promise<unknown> | undefined;
	let isAsync = false;
	let isOver = false;
	const next = (): Promise<unknown> => {
		if (isOver) return refused(`A middleware of ${path} called next() after it had ended.`);
		if (inner) return refused(`A middleware of ${path} called next() twice.`);
		try {
			result = around(chain, context, path, run, index + 1);
			inner = Promise.resolve(result);
		} catch (error) {
			result = inner = Promise.reject(error as Error);
		}
		if (isAsync) inner.catch(ignore);
		return inner;
	};
	const end = (given: unknown): unknown => {
		isOver = true;
		// What the middleware passes on as it is need not be waited for here.
		if (inner && (given === undefined || given === inner)) return result;
		// Whoever did not wait for it has said that its failure does not matter.
		inner?.catch(ignore);
		return given === undefined ? null : given;
	};
	const failed = (error: unknown): never => {
		isOver = true;
		inner?.catch(ignore);
		throw error;
	};
	let given: unknown;
	try {
		given = middleware(context, next, path);
	} catch (error) {
		return failed(error);
	}
	if (given === inner || !isThenable(given)) return end(given);
	isAsync = true;
	inner?.catch(ignore);
	return Promise.resolve(given).then(end, failed);
}

function ignore(): void {}

/** For whoever waits for it: nobody may, such as a timer, where an error would end the process. */
function refused(message: string): Promise<never> {
	const promise = Promise.reject<never>(new Error(message));
	promise.catch(ignore);
	return promise;
}

/** Loads inside all middleware, which sees the value of `run`. What it gives changes nothing; who ends it is refused. */
export async function aroundLoad<Loaded>(
	chain: readonly Middleware[],
	context: Context,
	path: string,
	{ run, value }: { readonly run: () => unknown; readonly value: (loaded: Loaded) => unknown }
): Promise<Loaded> {
	let loading: Promise<Loaded> | undefined;
	try {
		await around(chain, context, path, () => {
			loading = Promise.resolve(run() as Loaded | Promise<Loaded>);
			return loading.then(value);
		});
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
