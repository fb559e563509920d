import { realtime } from 'svelte-realtime/server';
import type { WebSocketHooks } from 'svelte-adapter-uws';
import { SESSION_COOKIE } from '#lib/server/cookie.ts';
import { sockets } from '#lib/server/sockets.ts';
import { store } from '#lib/server/store.ts';

const rt = realtime();

export const { init, message, unsubscribe, shutdown } = rt;

/** Only a valid session may connect; what is returned here is `ctx.user` of every live function. */
export const upgrade: WebSocketHooks['upgrade'] = ({ cookies }) => {
	const session = store().session(cookies[SESSION_COOKIE] ?? '');
	return (session && { ...session.user, login: session.id }) || false;
};

export const open: WebSocketHooks['open'] = (ws, context) => {
	sockets.add(ws.getUserData().login, ws);
	return rt.open(ws, context);
};

export const close: WebSocketHooks['close'] = (ws, context) => {
	sockets.remove(ws.getUserData().login, ws);
	return rt.close(ws, context);
};
