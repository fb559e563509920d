import { createServer, type Server } from 'node:http';
import { createServer as createAcceptor, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
	RefusedUpgrade,
	type Endpoint,
	type PortFixture,
	type TcpFixture,
	type TransportFixture
} from 'conformance/transport/fixture';
import { overTcp } from 'conformance/transport/tcp';
import type { Handed, Listener, SocketHandler, SocketOptions, Transport } from '../../src/contract/transport.ts';
import { RefusedHandshake } from '../../src/transport/memory/handshake.ts';
import { memoryTransport } from '../../src/transport/memory/index.ts';
import { nodeTransport } from '../../src/transport/node/index.ts';
import { attach } from '../../src/transport/node/attach.ts';

/** Disposes of what a test has served. */
function disposing<F extends object>(fixture: F, listeners: readonly AsyncDisposable[]): F & AsyncDisposable {
	return Object.assign(fixture, {
		async [Symbol.asyncDispose]() {
			for (const listener of listeners) await listener[Symbol.asyncDispose]();
		}
	});
}

export async function inMemory(): Promise<TransportFixture & AsyncDisposable> {
	const listeners: Listener[] = [];
	const serve = async (handler: SocketHandler, options: SocketOptions): Promise<Endpoint> => {
		const listener = await memoryTransport.listen({ host: '127.0.0.1', port: 0, sockets: { handler, options } });
		listeners.push(listener);
		return {
			listener,
			connect: (url, headers, signal) =>
				listener.connect(url, headers, signal).catch((error: unknown) => {
					throw error instanceof RefusedHandshake ? new RefusedUpgrade(error.status, error.body, error.headers) : error;
				})
		};
	};
	return disposing({ serve }, listeners);
}

/** A port of its own. */
export const onItsOwnPort = (transport: Transport) => async (): Promise<TcpFixture & AsyncDisposable> => {
	const listeners: Listener[] = [];
	const serve: TcpFixture['serve'] = async (handler, options) => {
		const listener = await transport.listen({ host: '127.0.0.1', port: 0, sockets: { handler, options } });
		listeners.push(listener);
		return { listener, connect: overTcp(`ws://127.0.0.1:${listener.port}`) };
	};
	return disposing({ serve }, listeners);
};

/** As in a worker of a primary that accepts: connections come from elsewhere. */
export async function fromAnAcceptor(): Promise<TcpFixture & AsyncDisposable> {
	const parts: AsyncDisposable[] = [];
	const serve: TcpFixture['serve'] = async (handler, options) => {
		const accepts = new Set<(connection: unknown) => void>();
		const acceptor = createAcceptor({ pauseOnConnect: true }, (connection) => {
			for (const accept of accepts) accept(connection);
			connection.resume();
		});
		await new Promise<void>((resolve) => void acceptor.listen(0, '127.0.0.1', resolve));
		parts.unshift({ [Symbol.asyncDispose]: () => new Promise((resolve) => void acceptor.close(() => resolve())) });
		const { port } = acceptor.address() as AddressInfo;
		const handed: Handed = {
			port,
			take(accept) {
				accepts.add(accept);
				return {
					[Symbol.dispose]() {
						accepts.delete(accept);
						acceptor.close();
					}
				};
			}
		};
		const listener = await nodeTransport.listen({ host: '127.0.0.1', port: 0, handed, sockets: { handler, options } });
		parts.unshift(listener);
		return { listener, connect: overTcp(`ws://127.0.0.1:${port}`) };
	};
	return disposing({ serve }, parts);
}

/** As in dev: the server is somebody else's, with pages of its own. */
export async function onAForeignServer(): Promise<TcpFixture & AsyncDisposable> {
	const parts: AsyncDisposable[] = [];
	const serve: TcpFixture['serve'] = async (handler, options) => {
		const server: Server = createServer((_, response) => response.writeHead(404).end('a page of the foreign server'));
		await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
		const close = (): Promise<void> =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			});
		// The foreign server outlives what is attached to it.
		parts.unshift({ [Symbol.asyncDispose]: close });
		const listener = attach(server, { handler, options });
		parts.unshift(listener);
		return { listener, connect: overTcp(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`) };
	};
	return disposing({ serve }, parts);
}

/** Whatever ports a test asks for. */
export const onAnyPort = (transport: Transport) => async (): Promise<PortFixture & AsyncDisposable> => {
	const listeners: Listener[] = [];
	const listen: PortFixture['listen'] = async (options) => {
		const listener = await transport.listen(options);
		listeners.push(listener);
		return listener;
	};
	const tls = join(import.meta.dirname, 'tls');
	return disposing({ listen, tls: { cert: join(tls, 'cert.pem'), key: join(tls, 'key.pem') } }, listeners);
};
