import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Passes TCP connections on to an address, and can cut those that became WebSockets of the app. */
export class TcpProxy implements AsyncDisposable {
	readonly url: string;
	readonly #server: Server;
	readonly #open = new Set<Socket>();
	readonly #webSockets = new Set<Socket>();

	private constructor(server: Server, target: URL) {
		this.#server = server;
		this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		server.on('connection', (near) => {
			const far = connect(Number(target.port), target.hostname);
			for (const [one, other] of [
				[near, far],
				[far, near]
			] as const) {
				this.#open.add(one);
				one.on('error', () => other.destroy());
				one.on('close', () => {
					other.destroy();
					this.#open.delete(one);
					this.#webSockets.delete(one);
				});
				one.pipe(other);
			}
			// Not that of Vite's hot reload, whose page would load anew.
			near.once('data', (data: Buffer) => data.toString('latin1').startsWith('GET /ws') && this.#webSockets.add(near));
		});
	}

	static async to(url: string): Promise<TcpProxy> {
		const server = createServer().listen(0, '127.0.0.1');
		await once(server, 'listening');
		return new TcpProxy(server, new URL(url));
	}

	/** Resets every WebSocket of the app, as a network does that goes away; gives how many there were. */
	cut(): number {
		const sockets = [...this.#webSockets];
		for (const socket of sockets) socket.resetAndDestroy();
		return sockets.length;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.close();
		for (const socket of this.#open) socket.destroy();
		await once(this.#server, 'close');
	}
}
