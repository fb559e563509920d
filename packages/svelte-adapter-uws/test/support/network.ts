import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** How a connection is cut: in order, or by a reset. */
export type Cut = 'fin' | 'rst';

/** Everything between a client and a server on this machine; what it does applies to connections and bytes from then on. */
export class Network implements AsyncDisposable {
	readonly url: string;
	/** What has reached the client, over all connections. */
	passed = '';
	/** Connections that it took. */
	attempts = 0;
	/** Connections that it has cut. */
	cuts = 0;
	/** Answers each handshake with this text instead of passing it on. */
	answer: string | undefined;
	/** Milliseconds that each piece of data takes; the order stays. */
	delay: () => number = () => 0;
	/** Longest piece that travels at once. */
	pieceLength = Infinity;
	#cut: { left: number; readonly how: Cut } | undefined;
	readonly #server: Server;
	readonly #near = new Set<Socket>();
	readonly #open = new Set<Socket>();

	private constructor(server: Server, port: number) {
		this.#server = server;
		this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
		server.on('connection', (near) => this.#take(near, port));
	}

	/** A way to a port of this machine. */
	static async to(port: number): Promise<Network> {
		const server = createServer().listen(0, '127.0.0.1');
		await once(server, 'listening');
		return new Network(server, port);
	}

	/** Cuts once, after so many more bytes to the client. */
	cutAfter(bytes: number, how: Cut): void {
		this.#cut = { left: bytes, how };
		if (bytes === 0) this.cutNow(how);
	}

	/** Cuts every connection there is. */
	cutNow(how: Cut): void {
		for (const near of this.#near) this.#end(near, how);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.close();
		for (const socket of this.#open) socket.destroy();
		await once(this.#server, 'close');
	}

	#take(near: Socket, port: number): void {
		this.attempts++;
		this.#open.add(near);
		near.on('error', () => {});
		near.on('close', () => this.#open.delete(near));
		const { answer } = this;
		if (answer !== undefined) return void near.once('data', () => near.end(answer));
		const far = connect(port, '127.0.0.1');
		far.setNoDelay(true);
		near.setNoDelay(true);
		this.#near.add(near);
		this.#open.add(far);
		far.on('error', () => near.destroy());
		far.on('close', () => {
			this.#open.delete(far);
			near.end();
		});
		near.on('close', () => {
			this.#near.delete(near);
			far.destroy();
		});
		this.#carry(near, (data) => far.write(data));
		this.#carry(far, (data) => this.#deliver(near, data));
		if (this.#cut?.left === 0) this.#end(near, this.#cut.how);
	}

	/** Each piece arrives after those before it. */
	#carry(from: Socket, to: (data: Buffer) => void): void {
		let line = Promise.resolve();
		from.on('data', (data: Buffer) => {
			for (let start = 0; start < data.length; start += this.pieceLength) {
				const piece = data.subarray(start, start + Math.min(this.pieceLength, data.length));
				const ms = this.delay();
				line = line.then(async () => {
					if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
					to(piece);
				});
			}
		});
	}

	#deliver(near: Socket, data: Buffer): void {
		if (near.destroyed || near.writableEnded) return;
		const cut = this.#cut;
		const part = cut ? data.subarray(0, cut.left) : data;
		if (cut) cut.left -= part.length;
		this.passed += part.toString('latin1');
		near.write(part);
		if (cut?.left === 0) this.#end(near, cut.how);
	}

	#end(near: Socket, how: Cut): void {
		this.#cut = undefined;
		this.cuts++;
		this.#near.delete(near);
		if (how === 'rst') near.resetAndDestroy();
		else near.end();
	}
}
