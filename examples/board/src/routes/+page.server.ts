import { redirect } from '@sveltejs/kit';
import { list } from '$live/boards';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, platform }) => {
	const user = locals.session?.user;
	if (!user) redirect(303, '/signin');
	return { boards: await list.load(platform, { user }) };
};
