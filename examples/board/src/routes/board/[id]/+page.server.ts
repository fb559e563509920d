import { error, redirect } from '@sveltejs/kit';
import { activity, chat, room } from '$live/board';
import { store } from '#lib/server/store.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params, platform }) => {
	const user = locals.session?.user;
	if (!user) redirect(303, '/signin');
	const board = store().board(params.id);
	if (!board) error(404, 'This board does not exist.');
	const options = { user, args: [board.id] as [string] };
	const [noteList, messages, activities, present] = await Promise.all([
		room.data.load(platform, options),
		chat.load(platform, options),
		activity.load(platform, options),
		room.presence.load(platform, options)
	]);
	return { board, notes: noteList, messages, activities, present };
};
