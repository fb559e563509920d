import { fail, redirect } from '@sveltejs/kit';
import { SESSION_COOKIE } from '#lib/server/cookie.ts';
import { store } from '#lib/server/store.ts';
import { LIMITS } from '#lib/types.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals }) => {
	if (locals.session) redirect(303, '/');
};

export const actions: Actions = {
	default: async ({ request, cookies, url }) => {
		const value = (await request.formData()).get('name');
		const name = typeof value === 'string' ? value.trim() : '';
		if (name.length === 0 || name.length > LIMITS.name)
			return fail(400, { message: `Your name must have 1 to ${LIMITS.name} characters.` });
		const { secret, maxAge } = store().signIn(name);
		cookies.set(SESSION_COOKIE, secret, {
			path: '/',
			httpOnly: true,
			sameSite: 'lax',
			secure: url.protocol === 'https:',
			maxAge
		});
		redirect(303, '/');
	}
};
