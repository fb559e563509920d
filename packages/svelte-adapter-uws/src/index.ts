import { createAdapter, type UwsAdapter } from './build/adapter.ts';
import type { AdapterOptions } from './contract/options.ts';
import { resolveAdapterOptions } from './host/options.ts';
import { createPlugins } from './plugin.ts';

export type * from './contract.ts';
export type { Connection as WebSocket } from './contract/connection.ts';
export type {
	HookContext as LifecycleContext,
	HookContext as OpenContext,
	WebSocketHooks as WebSocketHandler
} from './contract/hooks.ts';
export { upgradeResponse } from './upgrade-response.ts';

/**
 * The adapter: builds the app into one Node server with WebSockets inside. Throws a RangeError for an option out of range.
 *
 * @example
 * import adapter from 'svelte-adapter-uws';
 * sveltekit({ adapter: adapter({ websocket: true }) });
 */
export default function adapter(options: AdapterOptions = {}): UwsAdapter {
	const resolved = resolveAdapterOptions(options, (message) => console.warn(`[svelte-adapter-uws] ${message}`));
	return createAdapter(resolved, createPlugins({ adapter: resolved, options: {} }));
}
