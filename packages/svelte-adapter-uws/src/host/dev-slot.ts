import type { Platform } from '../contract/platform.ts';

/** What `vite dev` and `vite preview` offer to the adapter. */
export interface DevHost {
	/** A platform for one request; waits until the server runs. `undefined` when the endpoint is off. */
	platform(): Promise<Platform | undefined>;
}

// Vite loads the plugin and SvelteKit loads the adapter, often as two copies of this package: only the process is shared.
const SLOT = Symbol.for('svelte-adapter-uws.dev-host');
type Slot = typeof globalThis & { [SLOT]?: DevHost | undefined };

/** The dev server of this process, if there is one. */
export function devHost(): DevHost | undefined {
	return (globalThis as Slot)[SLOT];
}

/** Where tools look for the platform of the dev server. */
type Shown = typeof globalThis & { __uws_dev_platform?: Platform | undefined };

/** Makes a platform the one that tools find in this process, until disposed. */
export function showDevPlatform(platform: Platform): Disposable {
	const shown: Shown = globalThis;
	shown.__uws_dev_platform = platform;
	return {
		[Symbol.dispose]() {
			if (shown.__uws_dev_platform === platform) shown.__uws_dev_platform = undefined;
		}
	};
}

/** Makes `host` the dev server of this process until disposed. */
export function offerDevHost(host: DevHost): Disposable {
	const slot: Slot = globalThis;
	slot[SLOT] = host;
	return {
		[Symbol.dispose]() {
			if (slot[SLOT] === host) slot[SLOT] = undefined;
		}
	};
}
