/** Somebody who signed in. `color` is a CSS colour that stands for them everywhere. */
export interface User {
	id: string;
	name: string;
	color: string;
}

/** A signed-in browser. `id` names the session without being the secret of its cookie. */
export interface Session {
	id: string;
	user: User;
}

export interface BoardSummary {
	id: string;
	title: string;
	owner: string;
	notes: number;
	updatedAt: number;
}

export const COLORS = ['yellow', 'green', 'blue', 'pink', 'violet', 'plain'] as const;
export type Color = (typeof COLORS)[number];

/** A note on a board; `x` and `y` are the pixels of its top left corner. */
export interface Note {
	id: string;
	board: string;
	text: string;
	x: number;
	y: number;
	color: Color;
	author: string;
	/** Notes with a larger value lie on top. */
	z: number;
}

export interface Message {
	id: string;
	name: string;
	color: string;
	text: string;
	at: number;
}

export interface Activity {
	id: string;
	name: string;
	text: string;
	at: number;
}

/** One member of the presence bar, as presence streams carry it. */
export interface Present {
	key: string;
	data: { name: string; color: string };
}

/** One pointer on the board, as cursor streams carry it. */
export interface Pointer {
	key: string;
	data: { x: number; y: number };
}

/** The size of a board and of a note, in pixels. */
export const BOARD = { width: 2400, height: 1600 } as const;
export const NOTE = { width: 200, height: 168 } as const;

/** Limits that the server enforces and the inputs show. */
export const LIMITS = { name: 24, title: 60, note: 400, message: 500, boards: 200, notes: 300 } as const;
