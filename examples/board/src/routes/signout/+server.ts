import { redirect } from '@sveltejs/kit';
import { SESSION_COOKIE } from '#lib/server/cookie.ts';
import { sockets } from '#lib/server/sockets.ts';
import { store } from '#lib/server/store.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ locals, cookies }) => {
	if (locals.session) {
		store().signOut(locals.session.id);
		sockets.end(locals.session.id);
	}
	cookies.delete(SESSION_COOKIE, { path: '/' });
	redirect(303, '/signin');
};
