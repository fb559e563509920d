import { Chain, type MiddlewareFn } from '../service/middleware/chain.ts';

export type { MiddlewareContext, MiddlewareFn } from '../service/middleware/chain.ts';

/** Functions that a message goes through one after the other. */
export type Middleware = Pick<Chain, keyof Chain>;

/**
 * Runs messages through functions, each of which lets them pass, changes them or stops them. Throws a TypeError for what is no function.
 *
 * @example
 * const chain = createMiddleware(authenticate, async (context, next) => {
 * 	context.data = clean(context.data);
 * 	await next();
 * });
 * const passed = await chain.run(ws, JSON.parse(text), platform);
 */
export function createMiddleware(...functions: readonly MiddlewareFn[]): Middleware {
	return new Chain(functions);
}
