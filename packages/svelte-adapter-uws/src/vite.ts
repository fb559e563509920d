import type { Plugin } from 'vite';
import { createPlugins, type UWSPluginOptions } from './plugin.ts';

export type { UWSPluginOptions } from './plugin.ts';

/**
 * The Vite plugin of the adapter: WebSockets in `vite dev` and `vite preview`, and the hooks in the build. SvelteKit 2 needs it in
 * vite.config; with SvelteKit 3 the adapter brings it, and adding it as well changes nothing.
 *
 * @example
 * // vite.config.js
 * import uws from 'svelte-adapter-uws/vite';
 * export default { plugins: [sveltekit(), uws()] };
 */
export default function uws(options: UWSPluginOptions = {}): Plugin[] {
	return createPlugins({ adapter: undefined, options });
}

/** @deprecated The default export under its former name. */
export const uwsDev: typeof uws = uws;
