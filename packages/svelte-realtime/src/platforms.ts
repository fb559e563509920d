import type { Platform } from 'svelte-adapter-uws/contract';

// A call that was handed no platform, such as one of publish() in an endpoint, has to find the server of its process, whichever
// copy of this package that server knows.
const PLATFORMS = Symbol.for('svelte-realtime.platforms');

/** The platforms of the servers that run in this process, the newest last. */
export function platforms(): Set<Platform> {
	const holder = globalThis as { [PLATFORMS]?: Set<Platform> };
	return (holder[PLATFORMS] ??= new Set());
}

/** The platform of the newest of them. */
export function newestPlatform(): Platform | undefined {
	return [...platforms()].at(-1);
}
