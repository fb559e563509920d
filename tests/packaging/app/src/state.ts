import type { SharedGroup } from 'svelte-adapter-uws/plugins/groups';
import type { SharedPresenceTracker } from 'svelte-adapter-uws/plugins/presence';

// Counted by the WebSocket hooks, read by routes: the module must exist once.
export const state: { opened: number; instrumented?: boolean; presence?: SharedPresenceTracker; crew?: SharedGroup } = {
	opened: 0
};
