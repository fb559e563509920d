import type { IncomingHttpHeaders } from 'node:http';
import { within } from 'conformance/within';
import { WebSocket } from 'ws';

type Frame = Readonly<Record<string, unknown>>;

/** Shorter than a test may take, so that what came is in the report. */
const PATIENCE_MS = 60_000;

/** A client that keeps what it received until somebody asks for it. */
export interface Client extends AsyncDisposable {
	readonly headers: IncomingHttpHeaders;
	readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
	send(text: string): void;
	/** The next frame that is not JSON. */
	text(): Promise<string>;
	/** The data of the next event of a topic. */
	event(topic: string): Promise<unknown>;
	/** Events of a topic that nobody has asked for yet. */
	unread(topic: string): number;
	/** Calls a procedure or asks for a stream; gives the answer. One at a time. */
	rpc(path: string, args?: readonly unknown[], more?: object): Promise<any>;
	/** Goes without a word. */
	drop(): void;
	/** Asks for a topic; gives the answer. */
	subscribe(topic: string): Promise<Frame>;
	/** The next control frame of a type. */
	control(type: string): Promise<Frame>;
}

/** Connects; rejects with the status when the handshake is refused. */
export async function connect(url: string, origin?: string): Promise<Client> {
	const ws = new WebSocket(
		url,
		origin === undefined ? { handshakeTimeout: PATIENCE_MS } : { headers: { origin }, handshakeTimeout: PATIENCE_MS }
	);
	const frames: unknown[] = [];
	const waiting = new Set<() => void>();
	let headers: IncomingHttpHeaders = {};
	let ref = 0;
	const parse = (text: string): unknown => {
		try {
			return JSON.parse(text);
		} catch {
			return text;
		}
	};
	ws.on('message', (data: Buffer) => {
		frames.push(parse(data.toString()));
		for (const look of waiting) look();
	});
	ws.on('upgrade', (response) => (headers = response.headers));
	const closed = new Promise<{ code: number; reason: string }>((resolve) =>
		ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
	);
	await new Promise<void>((resolve, reject) => {
		ws.once('open', resolve);
		ws.once('unexpected-response', (_request, response) => {
			response.resume();
			reject(new Error(String(response.statusCode)));
		});
		ws.once('error', reject);
	});
	ws.on('error', () => {});

	const received = (): string => `Received, and asked for by nobody: ${JSON.stringify(frames).slice(0, 10_000)}`;
	const take = (wanted: (frame: unknown) => boolean, what: string): Promise<unknown> => {
		let look = (): void => {};
		const found = new Promise((resolve, reject) => {
			look = () => {
				const index = frames.findIndex(wanted);
				if (index < 0) return;
				waiting.delete(look);
				resolve(frames.splice(index, 1)[0]);
			};
			waiting.add(look);
			look();
			void closed.then(({ code }) => reject(new Error(`Closed with ${code} before ${what} came. ${received()}`)));
		});
		return within(found, () => `No ${what} came. ${received()}`, PATIENCE_MS).finally(() => waiting.delete(look));
	};
	const isObject = (frame: unknown): frame is Frame => typeof frame === 'object' && frame !== null;

	const isEvent = (frame: unknown, topic: string): frame is Frame => isObject(frame) && frame.topic === topic && 'event' in frame;

	const client: Client = {
		headers,
		get closed() {
			return within(closed, () => `The connection is still open. ${received()}`, PATIENCE_MS);
		},
		send: (text) => ws.send(text),
		text: () => take((frame) => typeof frame === 'string', 'text') as Promise<string>,
		event: async (topic) => ((await take((frame) => isEvent(frame, topic), `event of ${topic}`)) as Frame).data,
		unread: (topic) => frames.filter((frame) => isEvent(frame, topic)).length,
		control: (type) => take((frame) => isObject(frame) && frame.type === type, `frame ${type}`) as Promise<Frame>,
		rpc(path, args = [], more = {}) {
			ws.send(JSON.stringify({ rpc: path, id: `r${ref++}`, args, ...more }));
			return client.event('__rpc');
		},
		drop: () => ws.terminate(),
		subscribe(topic) {
			const own = ++ref;
			ws.send(JSON.stringify({ type: 'subscribe', topic, ref: own }));
			return take((frame) => isObject(frame) && frame.ref === own, `answer about ${topic}`) as Promise<Frame>;
		},
		async [Symbol.asyncDispose]() {
			ws.close();
			await client.closed;
		}
	};
	return client;
}
