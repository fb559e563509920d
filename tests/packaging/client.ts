import type { IncomingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';

type Frame = Readonly<Record<string, unknown>>;

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
	const ws = new WebSocket(url, origin === undefined ? {} : { headers: { origin } });
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

	const take = (wanted: (frame: unknown) => boolean): Promise<unknown> =>
		new Promise((resolve, reject) => {
			const look = (): void => {
				const index = frames.findIndex(wanted);
				if (index < 0) return;
				waiting.delete(look);
				resolve(frames.splice(index, 1)[0]);
			};
			waiting.add(look);
			look();
			void closed.then(({ code }) => reject(new Error(`Closed with ${code} while waiting. Received: ${JSON.stringify(frames)}`)));
		});
	const isObject = (frame: unknown): frame is Frame => typeof frame === 'object' && frame !== null;

	const isEvent = (frame: unknown, topic: string): frame is Frame => isObject(frame) && frame.topic === topic && 'event' in frame;

	return {
		headers,
		closed,
		send: (text) => ws.send(text),
		text: () => take((frame) => typeof frame === 'string') as Promise<string>,
		event: async (topic) => ((await take((frame) => isEvent(frame, topic))) as Frame).data,
		unread: (topic) => frames.filter((frame) => isEvent(frame, topic)).length,
		control: (type) => take((frame) => isObject(frame) && frame.type === type) as Promise<Frame>,
		rpc(path, args = [], more = {}) {
			ws.send(JSON.stringify({ rpc: path, id: `r${ref++}`, args, ...more }));
			return this.event('__rpc');
		},
		drop: () => ws.terminate(),
		subscribe(topic) {
			const own = ++ref;
			ws.send(JSON.stringify({ type: 'subscribe', topic, ref: own }));
			return take((frame) => isObject(frame) && frame.ref === own) as Promise<Frame>;
		},
		async [Symbol.asyncDispose]() {
			ws.close();
			await closed;
		}
	};
}
