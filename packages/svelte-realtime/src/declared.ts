import type { Connection } from 'svelte-adapter-uws/contract';
import type { ClusterBus } from './relay.ts';
import type { RemoteRegistry } from './runtime/push/pushes.ts';

/** What an app says to all servers of its process, in calls that are handed no platform. */
export interface Declared {
	bus?: ClusterBus;
	leader?: () => boolean;
	aggregateLeader?: () => boolean;
	readonly push: { identify?: (ws: Connection) => string | number | null | undefined; remoteRegistry?: RemoteRegistry };
}

// Such calls are made while src/hooks.ws is imported, to whichever copy of this package serves.
const DECLARED = Symbol.for('svelte-realtime.declared');

/** What the app has said so far. */
export function declared(): Declared {
	const holder = globalThis as { [DECLARED]?: Declared };
	return (holder[DECLARED] ??= { push: {} });
}
