import { BenchSocket, clientFrame } from './socket.ts';

/** How one subject is spoken to. */
export interface Dialect {
	/** The frame of one call. */
	readonly call: (id: number) => string;
	/** What the reply to call `id` is, whole. */
	readonly reply: (id: number) => string;
	/** Asks for the events of a fan-out, and how the frame that grants it begins. */
	readonly join: string;
	readonly joined: string;
	readonly publish: (count: number, size: number, first: number) => string;
	/** Sent when the connection is open, and how the frame begins that says that it can be used. */
	readonly hello?: string;
	readonly ready?: string;
}

const TODO = '{"id":5,"text":"buy milk","done":false}';

const calls: Pick<Dialect, 'call' | 'reply' | 'publish'> = {
	call: (id) => `{"rpc":"bench/add","id":"${id}","args":["buy milk"]}`,
	reply: (id) => `{"topic":"__rpc","event":"${id}","data":{"id":"${id}","ok":true,"data":${TODO}}}`,
	publish: (...numbers) => `publish ${numbers.join(' ')}`
};

const ours: Dialect = {
	...calls,
	hello: '{"type":"hello","caps":["batch","epoch"]}',
	ready: '{"type":"welcome"',
	join: '{"type":"subscribe","topic":"fan","ref":1}',
	joined: '{"type":"subscribed"'
};

/** A client that takes one event a frame, as clients of other make do. */
const PLAIN: Dialect = { ...ours, hello: '{"type":"hello","caps":["epoch"]}' };

/** A call behind a schema and a limit. */
const checked: Dialect = { ...ours, call: (id) => `{"rpc":"bench/addChecked","id":"${id}","args":["buy milk"]}` };

const least: Dialect = { ...calls, join: 'join', joined: 'joined' };

/** Of raw uWebSockets.js: takes all events of a turn as one frame. */
const oneFrame: Dialect = {
	...least,
	join: 'join batches',
	publish: (...numbers) => `publishTogether ${numbers.join(' ')}`
};

/** Subjects whose audience is mixed: a client that takes many events a frame, and one that takes one. */
export const MIXED: Readonly<Record<string, readonly [Dialect, Dialect]>> = {
	'ours on uws, mixed': [ours, PLAIN],
	'raw uws, mixed': [oneFrame, least]
};

const socketIo: Dialect = {
	hello: '40',
	ready: '40',
	call: (id) => `42${id}["call","buy milk"]`,
	reply: (id) => `43${id}[${TODO}]`,
	join: '420["join"]',
	joined: '430',
	publish: (...numbers) => `42["publish","publish ${numbers.join(' ')}"]`
};

export const DIALECTS: Readonly<Record<string, Dialect>> = {
	'ours on uws': ours,
	'ours on node': ours,
	'ours on uws, checked': checked,
	'ours on uws, checked, middleware': checked,
	'raw uws': least,
	'raw uws, one frame': oneFrame,
	ws: least,
	'socket.io': socketIo
};

const waitFor = (socket: BenchSocket, beginning: string): Promise<void> =>
	new Promise((resolve, reject) => {
		socket.onclose = () => reject(new Error(`The server closed before ${beginning}`));
		socket.onframe = (bytes, start, end) => {
			if (bytes.toString('latin1', start, Math.min(end, start + beginning.length)) === beginning) resolve();
		};
	});

/** A connection that can be used. */
export async function connect(port: number, { hello, ready }: Dialect): Promise<BenchSocket> {
	const socket = await BenchSocket.open(port);
	const isReady = ready === undefined ? undefined : waitFor(socket, ready);
	if (hello !== undefined) socket.send(clientFrame(hello));
	await isReady;
	return socket;
}

/** A connection that hears the events of a fan-out. */
export async function connectJoined(port: number, dialect: Dialect): Promise<BenchSocket> {
	const socket = await connect(port, dialect);
	const joined = waitFor(socket, dialect.joined);
	socket.send(clientFrame(dialect.join));
	await joined;
	return socket;
}
