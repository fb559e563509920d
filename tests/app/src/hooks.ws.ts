import { wireHooks } from 'conformance/wire/hooks';
import { upgradeResponse, type WebSocketHooks } from 'svelte-adapter-uws';
import { handleRpc, realtime } from 'svelte-realtime/server';
import { life } from '#lib/life.ts';

const app = wireHooks();
const rt = realtime({ onError: (path) => console.log(`${path} failed`) });

export const { subscribe, resume } = app;

/** Gives a visitor a session, and ends it with `?out`. */
export const authenticate: WebSocketHooks['authenticate'] = async ({ url, cookies, platform }) => {
	const session = cookies.get('visit');
	if (url.endsWith('?out') && session !== undefined) {
		await platform.revoke({ session });
		cookies.delete('visit');
	} else cookies.set('visit', crypto.randomUUID(), { httpOnly: true, sameSite: 'strict' });
};

export const upgrade: WebSocketHooks['upgrade'] = (context) => {
	const name = context.cookies['name'];
	if (name !== undefined) return { id: name, name };
	if (!context.url.endsWith('?visit')) return app.upgrade(context);
	const session = context.cookies['visit'];
	return session === undefined ? false : upgradeResponse({}, {}, { session });
};

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
