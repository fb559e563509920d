import { upgradeResponse, type WebSocketHooks } from 'svelte-adapter-uws';
import { realtime } from 'svelte-realtime/server';
import { SESSION_COOKIE } from '#lib/server/cookie.ts';
import { store } from '#lib/server/store.ts';

export const { init, open, message, unsubscribe, close, shutdown } = realtime();

/** Only a valid session may connect. The user is `ctx.user` of every live function; the session is what signing out revokes. */
export const upgrade: WebSocketHooks['upgrade'] = ({ cookies }) => {
	const session = store().session(cookies[SESSION_COOKIE] ?? '');
	return session ? upgradeResponse({ ...session.user }, {}, { session: session.id }) : false;
};
