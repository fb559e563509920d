import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { LIMITS, type Activity, type BoardSummary, type Message, type Note, type Session, type User } from '#lib/types.ts';

const SCHEMA = `
	pragma journal_mode = wal;
	pragma foreign_keys = on;
	create table if not exists users (id text primary key, name text not null, color text not null);
	create table if not exists sessions (id text primary key, secret text not null unique, user text not null references users, expires integer not null);
	create table if not exists boards (id text primary key, title text not null, owner text not null, updated integer not null);
	create table if not exists notes (
		id text primary key, board text not null references boards on delete cascade,
		text text not null, x integer not null, y integer not null, color text not null, author text not null, z integer not null
	);
	create index if not exists notes_of_board on notes (board);
	create table if not exists messages (id text primary key, board text not null references boards on delete cascade, name text not null, color text not null, text text not null, at integer not null);
	create index if not exists messages_of_board on messages (board, at);
	create table if not exists activities (id text primary key, board text not null references boards on delete cascade, name text not null, text text not null, at integer not null);
	create index if not exists activities_of_board on activities (board, at);
`;

const SESSION_MS = 30 * 24 * 60 * 60 * 1000;
const PALETTE = ['#e8590c', '#2f9e44', '#1971c2', '#c2255c', '#7048e8', '#0c8599', '#d6336c', '#5c940d', '#9c36b5', '#b35c00'];

// The secret is only in the cookie: whoever reads the database cannot sign in with what it holds.
const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Everything that the demo keeps, in one SQLite file. */
export class Store {
	readonly #db: DatabaseSync;

	constructor(file: string) {
		this.#db = new DatabaseSync(file);
		this.#db.exec(SCHEMA);
	}

	#all<T>(sql: string, ...values: SQLInputValue[]): T[] {
		return this.#db.prepare(sql).all(...values) as T[];
	}

	#get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
		return this.#db.prepare(sql).get(...values) as T | undefined;
	}

	#run(sql: string, ...values: SQLInputValue[]): number {
		return Number(this.#db.prepare(sql).run(...values).changes);
	}

	/** Makes a user and a session; `secret` belongs into the cookie and nowhere else. */
	signIn(name: string): { session: Session; secret: string; maxAge: number } {
		const user: User = { id: randomUUID(), name, color: PALETTE[randomBytes(1)[0]! % PALETTE.length]! };
		const session = { id: randomUUID(), user };
		const secret = randomBytes(24).toString('base64url');
		this.#run('insert into users (id, name, color) values (?, ?, ?)', user.id, user.name, user.color);
		this.#run(
			'insert into sessions (id, secret, user, expires) values (?, ?, ?, ?)',
			session.id,
			hash(secret),
			user.id,
			Date.now() + SESSION_MS
		);
		return { session, secret, maxAge: SESSION_MS / 1000 };
	}

	session(secret: string): Session | null {
		const row = this.#get<User & { session: string }>(
			'select s.id as session, u.id, u.name, u.color from sessions s join users u on u.id = s.user where s.secret = ? and s.expires > ?',
			hash(secret),
			Date.now()
		);
		return row ? { id: row.session, user: { id: row.id, name: row.name, color: row.color } } : null;
	}

	signOut(session: string): void {
		this.#run('delete from sessions where id = ?', session);
	}

	boards(): BoardSummary[] {
		return this.#all(
			`select b.id, b.title, b.owner, b.updated as updatedAt, (select count(*) from notes n where n.board = b.id) as notes
			 from boards b order by b.updated desc limit ?`,
			LIMITS.boards
		);
	}

	board(id: string): BoardSummary | undefined {
		return this.#get(
			'select b.id, b.title, b.owner, b.updated as updatedAt, (select count(*) from notes n where n.board = b.id) as notes from boards b where b.id = ?',
			id
		);
	}

	createBoard(title: string, owner: string): BoardSummary {
		const board = { id: randomUUID(), title, owner, notes: 0, updatedAt: Date.now() };
		this.#run('insert into boards (id, title, owner, updated) values (?, ?, ?, ?)', board.id, title, owner, board.updatedAt);
		return board;
	}

	deleteBoard(id: string): boolean {
		return this.#run('delete from boards where id = ?', id) > 0;
	}

	notes(board: string): Note[] {
		return this.#all('select * from notes where board = ? order by z', board);
	}

	note(board: string, id: string): Note | undefined {
		return this.#get('select * from notes where board = ? and id = ?', board, id);
	}

	/** Adds a note on top, or puts a deleted one back under its old id. */
	putNote(note: Omit<Note, 'z'>): Note {
		const z = this.#get<{ z: number }>('select coalesce(max(z), 0) + 1 as z from notes where board = ?', note.board)!.z;
		this.#run(
			'insert into notes (id, board, text, x, y, color, author, z) values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing',
			...[note.id, note.board, note.text, note.x, note.y, note.color, note.author, z]
		);
		this.#touch(note.board);
		return { ...note, z };
	}

	/** Changes a note and lifts it to the top. `undefined` when there is no such note. */
	changeNote(board: string, id: string, change: Partial<Pick<Note, 'text' | 'x' | 'y' | 'color'>>): Note | undefined {
		const note = this.note(board, id);
		if (!note) return undefined;
		const next = { ...note, ...change };
		this.#run(
			'update notes set text = ?, x = ?, y = ?, color = ?, z = (select max(z) + 1 from notes where board = ?) where id = ?',
			...[next.text, next.x, next.y, next.color, board, id]
		);
		this.#touch(board);
		return this.note(board, id);
	}

	deleteNote(board: string, id: string): boolean {
		this.#touch(board);
		return this.#run('delete from notes where board = ? and id = ?', board, id) > 0;
	}

	messages(board: string): Message[] {
		return this.#all<Message>(
			'select id, name, color, text, at from messages where board = ? order by at desc limit 200',
			board
		).reverse();
	}

	say(board: string, user: User, text: string): Message {
		const message = { id: randomUUID(), name: user.name, color: user.color, text, at: Date.now() };
		this.#run(
			'insert into messages (id, board, name, color, text, at) values (?, ?, ?, ?, ?, ?)',
			message.id,
			board,
			message.name,
			message.color,
			text,
			message.at
		);
		return message;
	}

	activities(board: string): Activity[] {
		return this.#all('select id, name, text, at from activities where board = ? order by at desc limit 50', board);
	}

	log(board: string, name: string, text: string): Activity {
		const activity = { id: randomUUID(), name, text, at: Date.now() };
		this.#run(
			'insert into activities (id, board, name, text, at) values (?, ?, ?, ?, ?)',
			activity.id,
			board,
			name,
			text,
			activity.at
		);
		return activity;
	}

	close(): void {
		this.#db.close();
	}

	#touch(board: string): void {
		this.#run('update boards set updated = ? where id = ?', Date.now(), board);
	}
}

const opened: { store?: Store } = {};

/** The app's store, opened when it is first needed: building the app must not make a database. */
export function store(): Store {
	if (!opened.store) {
		const dir = process.env['DATA_DIR'] ?? 'data';
		mkdirSync(dir, { recursive: true });
		const created = (opened.store = new Store(join(dir, 'board.db')));
		process.once('sveltekit:shutdown', () => created.close());
	}
	return opened.store;
}
