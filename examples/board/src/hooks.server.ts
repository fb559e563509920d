import type { Handle } from '@sveltejs/kit/hooks';
import { SESSION_COOKIE } from '#lib/server/cookie.ts';
import { store } from '#lib/server/store.ts';

export const handle: Handle = ({ event, resolve }) => {
	const secret = event.cookies.get(SESSION_COOKIE);
	event.locals.session = secret ? store().session(secret) : null;
	return resolve(event);
};
