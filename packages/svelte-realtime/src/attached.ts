import type { Platform } from 'svelte-adapter-uws/contract';
import type { Runtime } from './runtime/runtime.ts';

// Found through the platform that every hook and request is handed, so two servers in one process stay apart; a registered
// symbol, because two copies of this package may meet on one platform.
export const RUNTIME: unique symbol = Symbol.for('svelte-realtime.runtime') as typeof RUNTIME;

/** A platform, with what is attached to it. */
export type Carrier<Attached extends { readonly runtime: Runtime } = { readonly runtime: Runtime }> = Platform & {
	readonly [RUNTIME]?: Attached;
};

/**
 * The runtime of a platform's server, if it has one by now. For what live modules import: `runtimeOf`, which makes one, imports them.
 */
export function attachedTo(platform: Platform): Runtime | undefined {
	return (platform as Carrier)[RUNTIME]?.runtime;
}
