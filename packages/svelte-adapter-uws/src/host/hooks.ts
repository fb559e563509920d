import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';

const HOOKS: readonly (keyof WebSocketHooks)[] = [
	...(['init', 'shutdown', 'authenticate', 'upgrade', 'open', 'message', 'subscribe', 'subscribeBatch', 'unsubscribe'] as const),
	...(['resume', 'drain', 'close'] as const)
];

const BY_NAME = 'export const { init, open, message, unsubscribe, close, shutdown } = realtime();';

/**
 * Takes the hooks out of what `hooks.ws` exports; nothing, where there is no such file. Throws a TypeError for a hook that is not
 * a function. What may be a misspelt hook is left alone, with a warning, and so is what clients send while nobody hears it.
 */
export function readHooks(module: Readonly<Record<string, unknown>>, log: Log): WebSocketHooks {
	const known: ReadonlySet<string> = new Set(HOOKS);
	const strangers = Object.keys(module).filter((name) => typeof module[name] === 'function' && !known.has(name));
	if (strangers.length > 0)
		log.warn(`hooks.ws exports ${strangers.join(', ')}, which nobody calls. The hooks are: ${HOOKS.join(', ')}.`);
	if (holdsHooks(module['default']))
		log.warn(
			`hooks.ws exports its hooks as default, which nobody reads. Export each by its name, with svelte-realtime: ${BY_NAME}`
		);
	const hooks: Record<string, unknown> = { message: unheard(log) };
	for (const name of HOOKS) {
		const hook = module[name];
		if (hook === undefined) continue;
		if (typeof hook !== 'function') throw new TypeError(`hooks.ws exports ${name} as ${typeof hook}, expected a function.`);
		hooks[name] = hook;
	}
	return hooks;
}

const holdsHooks = (value: unknown): boolean =>
	typeof value === 'object' && value !== null && HOOKS.some((name) => typeof (value as WebSocketHooks)[name] === 'function');

/** The `message` hook of an app that has none. */
function unheard(log: Log): () => void {
	let isSaid = false;
	return () => {
		if (isSaid) return;
		isSaid = true;
		log.warn(
			`A client sent a message that nobody hears: src/hooks.ws.ts exports no message hook, or is not there. With svelte-realtime: ${BY_NAME}`
		);
	};
}
