import type { Middleware } from './app-settings.ts';
import { app } from './app.ts';
import { problem } from './problem.ts';

/** `live.middleware`. */
export interface MiddlewareMaker {
	/**
	 * Runs a function around every call, subscribe request and `.load()`, in the order of registration. Call it while modules are
	 * imported; a hot reload takes back what the version before registered.
	 * @example live.middleware(async (ctx, next, path) => { const start = Date.now(); try { return await next(); } finally { log(path, Date.now() - start); } });
	 */
	middleware(run: Middleware): void;
}

export const middleware: MiddlewareMaker['middleware'] = (run) => {
	if (typeof run !== 'function') throw problem('live.middleware', 'fn', run, 'a function (ctx, next, path) => result');
	app().middleware.push(run);
};
