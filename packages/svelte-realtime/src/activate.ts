import type { Platform } from 'svelte-adapter-uws/contract';
import { runtimeOf } from './attach.ts';

/**
 * Starts what the app's live modules do without a client, for apps that write their hooks themselves; the `init` of `realtime()`
 * does the same. Resolves when every live module is installed. Throws a TypeError without a platform.
 * @example export const init = ({ platform }) => setCronPlatform(platform);
 */
export function setCronPlatform(platform: Platform): Promise<void> {
	return activate('setCronPlatform', platform);
}

/** The same as `setCronPlatform`, under the name that apps with `live.derived` and `live.effect` know. */
export function _activateDerived(platform: Platform): Promise<void> {
	return activate('_activateDerived', platform);
}

function activate(what: string, platform: Platform): Promise<void> {
	if (typeof platform !== 'object' || platform === null || typeof platform.publish !== 'function')
		throw new TypeError(`[svelte-realtime] ${what}(platform): this is no platform. Call it in the init hook with its platform.`);
	return runtimeOf(platform).ready();
}
