import type { Frame, ListenOptions, Listener, SendStatus, Socket, SocketEvents, SocketHandler, UpgradeRequest } from '../../contract/transport.ts';
import { fitClose } from '../shared/close-frame.ts';
import { Topics } from '../shared/topics.ts';

/** The browser's end of an in-process connection. Frames arrive in later microtasks, in order. */
export interface MemoryPeer {
	send(frame: Frame): void;
	close(code?: number, reason?: string): void;
	onmessage: (frame: Frame) => void;
	onclose: (code: number, reason: string) => void;
}

/** A listener without a port: `connect` is the way in. A refused handshake rejects with its status and body. */
export interface MemoryListener extends Listener {
	connect(url: string, headers?: Readonly<Record<string, string>>): Promise<MemoryPeer>;
}

const ADDRESS = '127.0.0.1';

class MemorySocket implements Socket {
	readonly remoteAddress = ADDRESS;
	readonly bufferedAmount = 0;
	readonly topics = new Set<string>();
	readonly peer: MemoryPeer;
	events: SocketEvents | undefined;
	open = true;
	readonly #groups: Topics<MemorySocket>;
	readonly #gone: (socket: MemorySocket) => void;

	constructor(groups: Topics<MemorySocket>, maxPayloadLength: number, gone: (socket: MemorySocket) => void) {
		this.#groups = groups;
		this.#gone = gone;
		this.peer = {
			send: (frame) => {
				if (Buffer.byteLength(frame) > maxPayloadLength) return this.end(1009, '');
				queueMicrotask(() => this.open && this.events?.message(frame));
			},
			close: (code = 1005, reason = '') => this.end(code, reason),
			onmessage: () => {},
			onclose: () => {}
		};
	}

	send(frame: Frame): SendStatus {
		if (!this.open) return 'dropped';
		queueMicrotask(() => this.peer.onmessage(frame));
		return 'sent';
	}

	subscribe(topic: string): void {
		if (!this.open) return;
		this.topics.add(topic);
		this.#groups.join(topic, this);
	}

	unsubscribe(topic: string): void {
		this.topics.delete(topic);
		this.#groups.leave(topic, this);
	}

	cork(write: () => void): void {
		write();
	}

	close(code?: number, reason = ''): void {
		const fitted = fitClose(code ?? 1000, reason);
		this.end(code === undefined ? 1005 : fitted.code, fitted.reason);
	}

	terminate(): void {
		this.end(1006, '');
	}

	end(code: number, reason: string): void {
		if (!this.open) return;
		this.open = false;
		for (const topic of this.topics) this.#groups.leave(topic, this);
		this.topics.clear();
		this.#gone(this);
		queueMicrotask(() => {
			this.peer.onclose(code, reason);
			this.events?.closed(code, reason);
		});
	}
}

/** Both ends in one process, with the order and the close semantics of a real socket: for unit tests. */
export const memoryTransport = {
	name: 'memory',
	listen(options: ListenOptions): Promise<MemoryListener> {
		const groups = new Topics<MemorySocket>();
		const open = new Set<MemorySocket>();
		let accepting = true;
		const listener: MemoryListener = {
			port: options.port,
			publish(topic, frame) {
				for (const socket of groups.of(topic)) socket.send(frame);
			},
			stopAccepting: () => void (accepting = false),
			async connect(url, headers = {}) {
				const { sockets } = options;
				if (!accepting || !sockets || url.split('?')[0] !== sockets.options.path) throw new Error('404');
				const handler: SocketHandler = sockets.handler;
				const decision = await handler.upgrade(toRequest(url, headers));
				if (!decision.accept) throw new Error(`${decision.status} ${decision.body}`);
				const socket = new MemorySocket(groups, sockets.options.maxPayloadLength, (gone) => open.delete(gone));
				open.add(socket);
				// Later than the caller's own continuation, so that it can set `onmessage` before the first frame.
				setImmediate(() => {
					if (socket.open) socket.events = handler.open(socket, decision.data);
				});
				return socket.peer;
			},
			[Symbol.asyncDispose]() {
				accepting = false;
				for (const socket of [...open]) socket.end(1006, '');
				return Promise.resolve();
			}
		};
		return Promise.resolve(listener);
	}
};

function toRequest(url: string, given: Readonly<Record<string, string>>): UpgradeRequest {
	const headers = Object.assign(Object.create(null) as Record<string, string>, given);
	return { url, headers, header: (name) => headers[name] ?? '', remoteAddress: ADDRESS, signal: new AbortController().signal };
}
