import { WebSocket } from 'ws';
import type { Subject } from '../suite.ts';
import { within } from '../within.ts';

/** Why a handshake was refused. */
export class Refused extends Error {
	readonly status: number;

	constructor(status: number, body: string) {
		super(`${status} ${body}`);
		this.name = 'Refused';
		this.status = status;
	}
}

/** A raw connection: frames in, frames out, nothing understood. */
export interface WireSocket {
	send(frame: string | Uint8Array): void;
	close(code?: number): void;
	/** Drops the connection without a close frame. */
	drop(): void;
	onFrame: (frame: string | Uint8Array) => void;
	onClose: (code: number, reason: string) => void;
}

/** Opens a connection; `query` is appended to the endpoint's address. Rejects with `Refused`. */
export type OpenWire = (query: string, headers: Readonly<Record<string, string>>) => Promise<WireSocket>;

/** The way in over TCP to `url`, for example `ws://127.0.0.1:3000/ws`. */
export function overWebSocket(url: string): OpenWire {
	return (query, headers) =>
		new Promise((resolve, reject) => {
			const ws = new WebSocket(url + query, { headers, perMessageDeflate: false });
			const early: (string | Uint8Array)[] = [];
			const socket: WireSocket = {
				send: (frame) => ws.send(frame),
				close: (code) => ws.close(code),
				drop: () => ws.terminate(),
				onFrame: (frame) => void early.push(frame),
				onClose: () => {}
			};
			ws.on('message', (data: Buffer, isBinary) => socket.onFrame(isBinary ? new Uint8Array(data) : data.toString()));
			ws.on('close', (code, reason) => socket.onClose(code, reason.toString()));
			ws.on('open', () => {
				resolve(socket);
				// Later than the caller's continuation, which sets `onFrame`.
				setImmediate(() => {
					for (const frame of early.splice(0)) socket.onFrame(frame);
				});
			});
			ws.on('unexpected-response', (request, response) => {
				response.setEncoding('utf8');
				let body = '';
				response.on('data', (part: string) => (body += part));
				response.on('end', () => reject(new Refused(response.statusCode ?? 0, body)));
				request.on('error', () => {});
			});
			ws.on('error', reject);
		});
}

/** A client that speaks the protocol by hand and reads what comes, frame by frame. */
export class WireClient {
	/** The frame that every connection begins with. */
	welcome:
		| {
				readonly type?: string;
				readonly sessionId: string;
				readonly caps: readonly string[];
				readonly ep: string;
				readonly maxPayloadLength: number;
		  }
		| undefined;
	readonly #closed: Promise<{ readonly code: number; readonly reason: string }>;
	readonly #socket: WireSocket;
	readonly #frames: (string | Uint8Array)[] = [];
	readonly #waiting: { resolve(frame: string | Uint8Array): void; reject(error: Error): void }[] = [];
	#isClosed = false;

	constructor(socket: WireSocket) {
		this.#socket = socket;
		socket.onFrame = (frame) => {
			const next = this.#waiting.shift();
			if (next) next.resolve(frame);
			else this.#frames.push(frame);
		};
		this.#closed = new Promise((resolve) => {
			socket.onClose = (code, reason) => {
				this.#isClosed = true;
				for (const { reject } of this.#waiting.splice(0))
					reject(new Error(`The connection closed with ${code} while a frame was awaited.`));
				resolve({ code, reason });
			};
		});
	}

	get closed(): Promise<{ readonly code: number; readonly reason: string }> {
		return within(this.#closed, () => `The connection is still open. Nobody has read ${this.#unread()}.`);
	}

	#unread(): string {
		return JSON.stringify(this.#frames).slice(0, 10_000);
	}

	/** Sends text and bytes as they are, anything else as JSON. */
	say(...frames: readonly unknown[]): void {
		for (const frame of frames)
			this.#socket.send(typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
	}

	/** Asks the app to run steps in one turn. */
	run(...steps: readonly unknown[]): void {
		this.say({ steps });
	}

	/** The next frame as it came. */
	nextRaw(): Promise<string | Uint8Array> {
		const frame = this.#frames.shift();
		if (frame !== undefined) return Promise.resolve(frame);
		if (this.#isClosed) return Promise.reject(new Error('The connection is closed.'));
		const next = new Promise<string | Uint8Array>((resolve, reject) => this.#waiting.push({ resolve, reject }));
		return within(next, () => 'No frame comes, and the connection stays open');
	}

	async next(): Promise<any> {
		return JSON.parse(String(await this.nextRaw()));
	}

	/** Everything up to now: what comes before the answer to a ping. */
	async heard(): Promise<any[]> {
		this.say('{"type":"ping"}');
		const frames: unknown[] = [];
		for (;;) {
			const frame = await this.next();
			if (frame.type === 'pong') return frames;
			frames.push(frame);
		}
	}

	close(code?: number): void {
		this.#socket.close(code);
	}

	drop(): void {
		this.#socket.drop();
	}
}

/** A running server with `wireHooks()` as its hooks and every option at its default, reached over its WebSocket endpoint alone. */
export interface WireServer {
	readonly open: OpenWire;
	/** The origin that the server takes for its own; every other is foreign. */
	readonly origin: string;
}
export type WireSubject = Subject<WireServer>;

/** Connects and reads the welcome. */
export async function connect(
	server: WireServer,
	query = '',
	headers: Readonly<Record<string, string>> = { origin: server.origin }
): Promise<WireClient> {
	const client = new WireClient(await server.open(query, headers));
	client.welcome = await client.next();
	return client;
}
