import type { Frame, ListenOptions, Listener, Transport, UpgradeDecision } from '../../contract/transport.ts';
import { acceptHandshake } from '../shared/handshake.ts';
import { checkSocketOptions } from '../shared/limits.ts';
import { Topics } from '../shared/topics.ts';
import { MemoryHandshake, RefusedHandshake } from './handshake.ts';
import { MemorySocket, type MemoryPeer } from './socket.ts';

/** A listener without a port: `connect` is the way in. */
export interface MemoryListener extends Listener {
	/** Opens a connection. Rejects with a `RefusedHandshake`, or with the reason of `signal` when that aborts before the decision. */
	connect(url: string, headers?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<MemoryPeer>;
}

/** A transport whose listeners are reached by a call. */
export interface MemoryTransport extends Transport {
	listen(options: ListenOptions): Promise<MemoryListener>;
}

/** Both ends in one process, with the order and the close semantics of a real socket: for unit tests. */
export const memoryTransport: MemoryTransport = {
	name: 'memory',
	async listen(options: ListenOptions): Promise<MemoryListener> {
		const { sockets } = options;
		if (sockets) checkSocketOptions(sockets.options);
		const topics = new Topics<MemorySocket>();
		const open = new Set<MemorySocket>();
		const waiting = new Set<MemoryHandshake>();
		let accepting = true;
		let disposed = false;

		return {
			port: options.port,
			publish(topic: string, frame: Frame) {
				for (const socket of topics.of(topic)) socket.send(frame);
			},
			stopAccepting: () => void (accepting = false),
			async connect(url: string, headers: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<MemoryPeer> {
				signal?.throwIfAborted();
				if (!accepting) throw new Error('The listener does not accept connections any more.');
				if (!sockets || url.split('?', 1)[0] !== sockets.options.path)
					throw new RefusedHandshake({ status: 426, body: 'No WebSocket is served here.' });
				const handshake = new MemoryHandshake(url, headers);
				waiting.add(handshake);
				let decision: UpgradeDecision;
				try {
					decision = await handshake.whileThere(async () => sockets.handler.upgrade(handshake), signal);
				} finally {
					waiting.delete(handshake);
				}
				if (!decision.accept) throw new RefusedHandshake(decision);
				const acceptance = acceptHandshake(handshake.header('sec-websocket-protocol'), decision.headers);
				const socket = new MemorySocket(topics, sockets.options.maxPayloadLength, acceptance, () => open.delete(socket));
				open.add(socket);
				socket.hear(sockets.handler.open(socket, decision.data));
				return socket.peer;
			},
			[Symbol.asyncDispose]() {
				accepting = false;
				if (!disposed) {
					for (const handshake of waiting) handshake.abort(new Error('The listener was disposed.'));
					for (const socket of [...open]) socket.terminate();
				}
				disposed = true;
				return Promise.resolve();
			}
		};
	}
};
