import { redirect } from '@sveltejs/kit';
import { SESSION_COOKIE } from '#lib/server/cookie.ts';
import { store } from '#lib/server/store.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async ({ locals, cookies, platform }) => {
	if (locals.session) {
		store().signOut(locals.session.id);
		await platform?.revoke({ session: locals.session.id });
	}
	cookies.delete(SESSION_COOKIE, { path: '/' });
	redirect(303, '/signin');
};
