import type { Present, User } from '#lib/types.ts';

const boards = new Map<string, Map<string, { user: User; tabs: number }>>();

/** Who has a board open in this process. A user with three tabs is here once. */
export const presence = {
	/** True when the user was not here before. */
	enter(board: string, user: User): boolean {
		const here = boards.get(board) ?? new Map<string, { user: User; tabs: number }>();
		boards.set(board, here);
		const entry = here.get(user.id);
		if (entry) entry.tabs++;
		else here.set(user.id, { user, tabs: 1 });
		return !entry;
	},
	/** True when that was the user's last tab. */
	leave(board: string, user: User): boolean {
		const here = boards.get(board);
		const entry = here?.get(user.id);
		if (!here || !entry || --entry.tabs > 0) return false;
		here.delete(user.id);
		if (here.size === 0) boards.delete(board);
		return true;
	},
	list(board: string): Present[] {
		return [...(boards.get(board)?.values() ?? [])].map(({ user }) => ({
			key: user.id,
			data: { name: user.name, color: user.color }
		}));
	}
};
