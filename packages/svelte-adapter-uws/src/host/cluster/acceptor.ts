import { createServer, type Server, type Socket } from 'node:net';
import type { WorkerProcess } from './slot.ts';

export interface AcceptorParts {
	readonly host: string;
	readonly port: number;
	/** The port cannot be listened on. */
	readonly failed: (error: NodeJS.ErrnoException) => void;
}

interface Handing {
	readonly connection: Socket;
	readonly worker: WorkerProcess;
}

/**
 * Accepts connections and hands them to workers in turn, unread. A connection is let go of when its worker has it; one that a
 * worker did not come to take before it ended goes to another. Listens while a worker is ready.
 */
export class Acceptor {
	readonly #parts: AcceptorParts;
	/** In the order of their turns. */
	readonly #ready: WorkerProcess[] = [];
	readonly #handing = new Map<number, Handing>();
	#server: Server | undefined;
	#isClosed = false;
	#last = 0;

	constructor(parts: AcceptorParts) {
		this.#parts = parts;
	}

	/** Takes a worker in, once it is ready, until it is disposed. */
	join(worker: WorkerProcess): Disposable {
		const listening = worker.channel.listen((message) => {
			if (message.type === 'ready') {
				this.#ready.push(worker);
				this.#listen();
			} else if (message.type === 'accepted') {
				this.#handing.get(message.id)?.connection.destroy();
				this.#handing.delete(message.id);
			}
		});
		return {
			[Symbol.dispose]: () => {
				listening[Symbol.dispose]();
				const at = this.#ready.indexOf(worker);
				if (at >= 0) this.#ready.splice(at, 1);
				if (this.#ready.length === 0) this.#stop();
				for (const [id, handing] of this.#handing) {
					if (handing.worker !== worker) continue;
					this.#handing.delete(id);
					this.#hand(handing.connection);
				}
			}
		};
	}

	/** Accepts nothing any more. */
	close(): void {
		this.#isClosed = true;
		this.#stop();
	}

	#listen(): void {
		if (this.#server || this.#isClosed) return;
		const { host, port, failed } = this.#parts;
		// What a client sends before its half of the connection ends still gets an answer.
		const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (connection) => {
			connection.on('error', () => {});
			this.#hand(connection);
		});
		server.on('error', failed);
		this.#server = server.listen({ host, port });
	}

	#stop(): void {
		this.#server?.close();
		this.#server = undefined;
	}

	#hand(connection: Socket): void {
		const worker = this.#ready.shift();
		if (!worker) return void connection.destroy();
		this.#ready.push(worker);
		const id = ++this.#last;
		this.#handing.set(id, { connection, worker });
		worker.hand(id, connection);
	}
}
