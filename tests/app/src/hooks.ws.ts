import { wireHooks } from 'conformance/wire/hooks';
import type { WebSocketHooks } from 'svelte-adapter-uws';
import { life } from '#lib/life.ts';

export const { upgrade, subscribe, resume, message, close } = wireHooks();

export const init: WebSocketHooks['init'] = ({ platform }) => {
	life.started++;
	// Keeps the counter of the page: a tap sees every event of this server.
	life.tap = platform.tap(({ topic }) => void (topic === 'notes' && life.notes++));
};

export const open: WebSocketHooks['open'] = () => void life.opened++;

export const unsubscribe: WebSocketHooks['unsubscribe'] = () => void life.unsubscribed++;

export const drain: WebSocketHooks['drain'] = () => void life.drained++;

export const shutdown: WebSocketHooks['shutdown'] = () => {
	life.tap?.[Symbol.dispose]();
	console.log('hooks shut down');
};
