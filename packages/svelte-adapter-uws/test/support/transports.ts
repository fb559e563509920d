import { WebSocket } from 'ws';
import type { Frame, ListenOptions, Listener, SocketOptions } from '../../src/contract/transport.ts';
import { memoryTransport, type MemoryListener } from '../../src/transport/memory/index.ts';
import { nodeTransport } from '../../src/transport/node/index.ts';
import { loadUws } from '../../src/transport/uws/index.ts';

/** The browser's end of a connection, whatever the transport. */
export interface WireClient {
	readonly frames: Frame[];
	send(frame: Frame): void;
	close(): void;
}

/** A transport with the way in that belongs to it. */
export interface WireTransport {
	readonly name: string;
	listen(options: ListenOptions): Promise<Listener>;
	connect(listener: Listener): Promise<WireClient>;
}

export const SOCKET_OPTIONS: SocketOptions = {
	path: '/ws',
	maxPayloadLength: 16_384,
	idleTimeout: 0,
	maxBackpressure: 16_777_216,
	sendPingsAutomatically: false,
	compression: false
};

const overTcp = (listener: Listener): Promise<WireClient> =>
	new Promise((resolve, reject) => {
		const ws = new WebSocket(`ws://127.0.0.1:${listener.port}/ws`);
		const frames: Frame[] = [];
		ws.on('message', (data: Buffer, isBinary) => frames.push(isBinary ? new Uint8Array(data) : data.toString()));
		ws.on('open', () => resolve({ frames, send: (frame) => ws.send(frame), close: () => ws.terminate() }));
		ws.on('error', reject);
	});

/** Every transport there is, with the engine where it loads. */
export async function wireTransports(): Promise<readonly WireTransport[]> {
	const uws = await loadUws();
	return [
		{
			name: 'memory',
			listen: (options) => memoryTransport.listen(options),
			connect: async (listener) => {
				const peer = await (listener as MemoryListener).connect('/ws');
				const frames: Frame[] = [];
				peer.onmessage = (frame) => frames.push(frame);
				return { frames, send: (frame) => peer.send(frame), close: () => peer.close() };
			}
		},
		{ name: 'node', listen: (options) => nodeTransport.listen(options), connect: overTcp },
		{ name: 'uws', listen: (options) => uws.listen(options), connect: overTcp }
	];
}
