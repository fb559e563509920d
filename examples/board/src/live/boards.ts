import { guard, live, LiveError } from 'svelte-realtime/server';
import * as input from '#lib/server/input.ts';
import { store } from '#lib/server/store.ts';
import { LIMITS } from '#lib/types.ts';

export const _guard = guard({ authenticated: true });

/** Every board, newest change first. */
export const list = live.stream('boards', async () => store().boards(), { prepend: true });

export const create = live(async (ctx, title: string) => {
	if (store().boards().length >= LIMITS.boards)
		throw new LiveError('CONFLICT', `There are already ${LIMITS.boards} boards. Delete one first.`);
	const board = store().createBoard(input.text(title, 'The title', LIMITS.title), ctx.user.name);
	ctx.publish('boards', 'created', board);
	return board;
});

export const remove = live(async (ctx, id: string) => {
	const board = input.board(id);
	store().deleteBoard(board.id);
	ctx.publish('boards', 'deleted', { id: board.id });
	ctx.publish(`board:${board.id}`, 'refreshed', []);
});
