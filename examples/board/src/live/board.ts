import { randomUUID } from 'node:crypto';
import { guard, live, LiveError, type Context } from 'svelte-realtime/server';
import * as input from '#lib/server/input.ts';
import { store } from '#lib/server/store.ts';
import { LIMITS, type Note } from '#lib/types.ts';

export const _guard = guard({ authenticated: true });

const exists = (_ctx: Context, id: string): boolean => store().board(id) !== undefined;

/** The notes, who looks at them, and where their pointers are. */
export const room = live.room({
	topic: (_ctx, id: string) => `board:${id}`,
	topicArgs: 1,
	guard: exists,
	init: async (_ctx, id: string) => store().notes(id),
	presence: ({ user: { name, color } }) => ({ name, color }),
	cursors: true
});

export const chat = live.stream(
	(_ctx, id: string) => `board:${id}:chat`,
	async (_ctx, id) => store().messages(id),
	{ access: exists, max: 200 }
);

export const activity = live.stream(
	(_ctx, id: string) => `board:${id}:activity`,
	async (_ctx, id) => store().activities(id),
	{ access: exists, prepend: true, max: 50 }
);

export const add = live(async (ctx, id: string, note: { text: string; x: number; y: number; color: string }) => {
	const board = input.board(id);
	if (board.notes >= LIMITS.notes)
		throw new LiveError('CONFLICT', `A board holds at most ${LIMITS.notes} notes. Delete some first.`);
	return put(ctx, 'added', {
		id: randomUUID(),
		board: board.id,
		text: input.text(note.text, 'The note', LIMITS.note),
		x: input.coordinate(note.x, 'x'),
		y: input.coordinate(note.y, 'y'),
		color: input.color(note.color),
		author: ctx.user.name
	});
});

/** Puts back a note that was deleted. */
export const restore = live(async (ctx, id: string, note: Note) => {
	if (typeof note.id !== 'string' || !/^[0-9a-f-]{36}$/.test(note.id))
		throw new LiveError('VALIDATION', 'The note needs its old id.');
	return put(ctx, 'brought back', {
		id: note.id,
		board: input.board(id).id,
		text: input.text(note.text, 'The note', LIMITS.note),
		x: input.coordinate(note.x, 'x'),
		y: input.coordinate(note.y, 'y'),
		color: input.color(note.color),
		author: ctx.user.name
	});
});

export const edit = live(async (ctx, id: string, note: string, text: string) =>
	change(ctx, id, note, { text: input.text(text, 'The note', LIMITS.note) }, 'edited')
);

export const paint = live(async (ctx, id: string, note: string, color: string) =>
	change(ctx, id, note, { color: input.color(color) }, 'coloured')
);

export const move = live(async (ctx, id: string, note: string, x: number, y: number) =>
	change(ctx, id, note, { x: input.coordinate(x, 'x'), y: input.coordinate(y, 'y') }, 'moved')
);

/** Shows a note on its way to everybody; where it ends is kept by `move`. */
export const drag = live((ctx, id: string, note: string, x: number, y: number) => {
	const found = store().note(id, note);
	if (found) ctx.publish(`board:${id}`, 'updated', { ...found, x: input.coordinate(x, 'x'), y: input.coordinate(y, 'y') });
});

export const remove = live(async (ctx, id: string, note: string) => {
	const board = input.board(id);
	const found = store().note(board.id, note);
	if (!found) return null;
	store().deleteNote(board.id, note);
	ctx.publish(`board:${board.id}`, 'deleted', { id: note });
	tell(ctx, board.id, `deleted “${excerpt(found.text)}”`);
	return found;
});

export const say = live(async (ctx, id: string, text: string) => {
	const board = input.board(id);
	const message = store().say(board.id, ctx.user, input.text(text, 'The message', LIMITS.message));
	ctx.publish(`board:${board.id}:chat`, 'created', message);
	return message;
});

function put(ctx: Context, verb: string, note: Omit<Note, 'z'>): Note {
	const stored = store().putNote(note);
	ctx.publish(`board:${note.board}`, 'created', stored);
	tell(ctx, note.board, `${verb} “${excerpt(note.text)}”`);
	return stored;
}

function change(ctx: Context, id: string, note: string, to: Partial<Note>, verb: string): Note {
	const board = input.board(id);
	const changed = store().changeNote(board.id, note, to);
	if (!changed) throw new LiveError('NOT_FOUND', 'Somebody deleted this note.');
	ctx.publish(`board:${board.id}`, 'updated', changed);
	tell(ctx, board.id, `${verb} “${excerpt(changed.text)}”`);
	return changed;
}

/** Writes to the activity feed, and says in the list of boards that something happened here. */
function tell(ctx: Context, board: string, text: string): void {
	ctx.publish(`board:${board}:activity`, 'created', store().log(board, ctx.user.name, text));
	const summary = store().board(board);
	if (summary) ctx.publish('boards', 'updated', summary);
}

const excerpt = (text: string): string => (text.length > 28 ? `${text.slice(0, 27)}…` : text);
