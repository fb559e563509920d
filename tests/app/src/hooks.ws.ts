import { wireHooks } from 'conformance/wire/hooks';
import type { WebSocketHooks } from 'svelte-adapter-uws';
import { handleRpc, realtime } from 'svelte-realtime/server';
import { life } from '#lib/life.ts';

const app = wireHooks();
const rt = realtime({ onError: (path) => console.log(`${path} failed`) });

export const { upgrade, subscribe, resume } = app;

export const init: WebSocketHooks['init'] = async (context) => {
	life.started++;
	// Keeps the counter of the page: a tap sees every event of this server.
	life.tap = context.platform.tap(({ topic }) => void (topic === 'notes' && life.notes++));
	await rt.init(context);
};

export const open: WebSocketHooks['open'] = (ws, context) => {
	life.opened++;
	return rt.open(ws, context);
};

export const message: WebSocketHooks['message'] = (ws, context) => {
	if (handleRpc(ws, context.data, context.platform, { onError: () => {} })) return undefined;
	return app.message(ws, context);
};

export const unsubscribe: WebSocketHooks['unsubscribe'] = (ws, topic, context) => {
	life.unsubscribed++;
	return rt.unsubscribe(ws, topic, context);
};

export const drain: WebSocketHooks['drain'] = () => void life.drained++;

export const close: WebSocketHooks['close'] = (ws, context) => {
	rt.close(ws, context);
	return app.close(ws, context);
};

export const shutdown: WebSocketHooks['shutdown'] = (context) => {
	life.tap?.[Symbol.dispose]();
	rt.shutdown(context);
	console.log('hooks shut down');
};
