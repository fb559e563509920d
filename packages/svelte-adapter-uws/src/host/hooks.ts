import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';

const HOOKS: readonly (keyof WebSocketHooks)[] = [
	...(['init', 'shutdown', 'upgrade', 'open', 'message', 'subscribe', 'subscribeBatch', 'unsubscribe'] as const),
	...(['resume', 'drain', 'close'] as const)
];
const LATER: readonly string[] = ['authenticate'];

/**
 * Takes the hooks out of what `hooks.ws` exports. Throws a TypeError for a hook that is not a function, and an Error for one
 * that this version would not call; other exports are left alone.
 */
export function readHooks(module: Readonly<Record<string, unknown>>): WebSocketHooks {
	const later = LATER.find((name) => module[name] !== undefined);
	if (later) throw new Error(`hooks.ws exports ${later}, which is not available in this version and would not be called. Remove the export.`);
	const hooks: Record<string, unknown> = {};
	for (const name of HOOKS) {
		const hook = module[name];
		if (hook === undefined) continue;
		if (typeof hook !== 'function') throw new TypeError(`hooks.ws exports ${name} as ${typeof hook}, expected a function.`);
		hooks[name] = hook;
	}
	return hooks;
}

/** Says once what follows from a project without an `upgrade` hook. */
export function warnAboutOpenDoor(hooks: WebSocketHooks, log: Log): void {
	if (!hooks.upgrade && !hooks.subscribe && !hooks.subscribeBatch) {
		log.warn('hooks.ws has neither an upgrade nor a subscribe hook: every page of an allowed origin may connect and subscribe to every topic.');
	}
}
