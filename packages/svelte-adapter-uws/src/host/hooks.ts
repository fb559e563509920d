import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';

const HOOKS: readonly (keyof WebSocketHooks)[] = [
	...(['init', 'shutdown', 'authenticate', 'upgrade', 'open', 'message', 'subscribe', 'subscribeBatch', 'unsubscribe'] as const),
	...(['resume', 'drain', 'close'] as const)
];

/**
 * Takes the hooks out of what `hooks.ws` exports. Throws a TypeError for a hook that is not a function; a function of another
 * name is left alone, with a warning, because it may be a misspelt hook.
 */
export function readHooks(module: Readonly<Record<string, unknown>>, log: Log): WebSocketHooks {
	const known: ReadonlySet<string> = new Set(HOOKS);
	const strangers = Object.keys(module).filter((name) => typeof module[name] === 'function' && !known.has(name));
	if (strangers.length > 0)
		log.warn(`hooks.ws exports ${strangers.join(', ')}, which nobody calls. The hooks are: ${HOOKS.join(', ')}.`);
	const hooks: Record<string, unknown> = {};
	for (const name of HOOKS) {
		const hook = module[name];
		if (hook === undefined) continue;
		if (typeof hook !== 'function') throw new TypeError(`hooks.ws exports ${name} as ${typeof hook}, expected a function.`);
		hooks[name] = hook;
	}
	return hooks;
}
