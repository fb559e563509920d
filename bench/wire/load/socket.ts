import { connect, type Socket } from 'node:net';

const REQUEST =
	'GET /ws?EIO=4&transport=websocket HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
	'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const EMPTY = Buffer.alloc(0);

/** The bytes of one text frame of a client. The masking key is zero, so that a frame can be made once and sent often. */
export function clientFrame(text: string): Buffer {
	const payload = Buffer.from(text);
	const short = payload.length < 126;
	const head = Buffer.alloc(short ? 6 : 8);
	head[0] = 0x81;
	head[1] = 0x80 | (short ? payload.length : 126);
	if (!short) head.writeUInt16BE(payload.length, 2);
	return Buffer.concat([head, payload]);
}

/** A WebSocket client that costs next to nothing, so that the server is what is measured. It understands unfragmented frames. */
export class BenchSocket {
	/** One frame of the server, as a range of the bytes that arrived. */
	onframe: (bytes: Buffer, start: number, end: number) => void = () => {};
	onclose: () => void = () => {};
	readonly #socket: Socket;
	#rest: Buffer = EMPTY;

	private constructor(socket: Socket, rest: Buffer) {
		this.#socket = socket;
		socket.on('data', (chunk: Buffer) => this.#take(chunk));
		socket.on('close', () => this.onclose());
		if (rest.length > 0) setImmediate(() => this.#take(rest));
	}

	/** Resolves once the server has accepted; rejects with its answer otherwise. */
	static open(port: number): Promise<BenchSocket> {
		return new Promise((resolve, reject) => {
			const socket = connect({ port, host: '127.0.0.1', noDelay: true });
			let head: Buffer = EMPTY;
			const onData = (chunk: Buffer): void => {
				head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
				const end = head.indexOf('\r\n\r\n');
				if (end < 0) return;
				socket.off('data', onData);
				if (!head.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) return reject(new Error(head.toString('latin1')));
				resolve(new BenchSocket(socket, head.subarray(end + 4)));
			};
			socket.on('data', onData).on('error', reject);
			socket.write(REQUEST);
		});
	}

	send(frame: Buffer): void {
		this.#socket.write(frame);
	}

	/** What `write` sends leaves together. */
	cork(write: () => void): void {
		this.#socket.cork();
		write();
		this.#socket.uncork();
	}

	destroy(): void {
		this.#socket.destroy();
	}

	#take(chunk: Buffer): void {
		const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
		let at = 0;
		this.#socket.cork();
		while (bytes.length - at >= 2) {
			let length = bytes[at + 1]!;
			let start = at + 2;
			if (length === 126) {
				if (bytes.length - at < 4) break;
				length = bytes.readUInt16BE(at + 2);
				start = at + 4;
			} else if (length === 127) {
				if (bytes.length - at < 10) break;
				length = Number(bytes.readBigUInt64BE(at + 2));
				start = at + 10;
			}
			if (bytes.length < start + length) break;
			const opcode = bytes[at]! & 0x0f;
			if (opcode === 1) this.onframe(bytes, start, start + length);
			at = start + length;
		}
		this.#socket.uncork();
		this.#rest = at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at));
	}
}
