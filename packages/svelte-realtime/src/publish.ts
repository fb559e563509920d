import type { Platform } from 'svelte-adapter-uws/contract';
import { busOn } from './attach.ts';
import { attachedTo } from './attached.ts';
import { declared } from './declared.ts';
import type { LivePublishOptions } from './define/context.ts';
import { newestPlatform } from './platforms.ts';
import type { ClusterBus } from './relay.ts';
import { publishOn } from './runtime/context.ts';

/** The platform of the server that runs in this process, the newest where there are several; `null` before it has started. */
export function getPlatform(): Platform | null {
	return newestPlatform() ?? null;
}

/**
 * How often something did not hold that has to, by category, in the server of this process: each is a bug of this package. Empty
 * before it has started, and, as long as all is well, ever after.
 */
export function getAssertionCounters(): ReadonlyMap<string, number> {
	const platform = getPlatform();
	return (platform && attachedTo(platform)?.assertions) ?? new Map();
}

/** The bus of that server, from `realtime({ bus })` or `setBus`; `null` without one. */
export function getBus(): ClusterBus | null {
	const platform = getPlatform();
	return (platform ? busOn(platform) : declared().bus) ?? null;
}

/**
 * Publishes from anywhere on the server, such as a `+server` endpoint or a job: to every subscriber of a topic, on every node.
 * Throws `INVALID_TOPIC` for names starting with `__`, a TypeError for data that JSON cannot carry, and an Error before the
 * server has started.
 * @example export const POST = async ({ request }) => { publish('orders', 'created', await request.json()); return new Response(); };
 */
export function publish(topic: string, event: string, data?: unknown, options?: LivePublishOptions): boolean {
	const platform = getPlatform();
	if (!platform)
		throw new Error(
			'[svelte-realtime] publish() was called before the server has started. Export the hooks of realtime() from src/hooks.ws, and publish from requests, handlers or after init.'
		);
	return publishOn(platform, topic, event, data, options);
}
