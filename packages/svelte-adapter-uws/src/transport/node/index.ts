import { readFileSync } from 'node:fs';
import {
	createServer as createHttp,
	type IncomingMessage,
	type RequestListener,
	type ServerOptions,
	type ServerResponse
} from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { Server as NetServer, type AddressInfo, type ListenOptions as NetListenOptions, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Handed, ListenOptions, Listener, Transport } from '../../contract/transport.ts';
import { withCertificate } from '../shared/tls.ts';
import { createNodeAnswer } from './http.ts';
import { refuse } from './handshake.ts';
import { answerOrdinary } from './ordinary.ts';
import { createUpgrades } from './upgrades.ts';

const MAX_HEADER_BYTES = 16_384;
/** Node's own. */
const REQUEST_TIMEOUT_MS = 300_000;

/** node:http and `ws`: runs wherever Node does. */
export const nodeTransport: Transport = {
	name: 'node',
	async listen(options: ListenOptions): Promise<Listener> {
		const { sockets, http, tls } = options;
		const answerHttp = http && createNodeAnswer(http);
		const answer = (request: IncomingMessage, response: ServerResponse): void => {
			if (answerHttp) answerHttp(request, response, tls !== undefined);
			else
				response
					.writeHead(426, { 'content-type': 'text/plain; charset=utf-8', upgrade: 'websocket' })
					.end('This server speaks WebSocket only.');
		};
		// Where Node knows `shouldUpgradeCallback`, only handshakes arrive as upgrades.
		const settings = {
			maxHeaderSize: MAX_HEADER_BYTES,
			// Node would answer it, and go on with the requests that follow.
			requireHostHeader: false,
			...timeouts(options),
			shouldUpgradeCallback: (request: IncomingMessage) => upgrades?.matches(request) ?? false
		};
		const server = tls ? await createHttps(tls, settings, answer) : createHttp(settings, answer);
		const upgrades = sockets && createUpgrades(sockets.handler, sockets.options);
		const ordinary = new Set<Duplex>();
		server.on('checkContinue', answer);
		// Left alone, it would drop the connection without an answer.
		server.on('connect', (_: IncomingMessage, raw: Duplex) => refuse(raw, { status: 501, body: 'CONNECT is not supported.' }));
		server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
			if (upgrades?.matches(request)) return upgrades.take(request, raw, head);
			ordinary.add(raw);
			raw.once('close', () => ordinary.delete(raw));
			answerOrdinary(request, raw, answer);
		});
		const handed = options.handed && takeFrom(options.handed, server);
		if (options.socketPath !== undefined) {
			const { freeSocketPath } = await import('../shared/socket-path.ts');
			await freeSocketPath(options.socketPath);
		}
		if (!handed)
			await new Promise<void>((resolve, reject) => {
				server.once('error', (error: NodeJS.ErrnoException) => {
					upgrades?.dispose();
					reject(listenError(error, options));
				});
				server.listen(where(options), resolve);
			});
		// A connection that cannot be accepted is reported here; without a listener it would end the process.
		server.on('error', () => {});
		// The close of http drops idle connections, on which a request may be on its way.
		const stopAccepting = (): void => {
			handed?.[Symbol.dispose]();
			if (server.listening) NetServer.prototype.close.call(server);
		};
		let closed: Promise<void> | undefined;
		return {
			port: options.handed?.port ?? portOf(server.address()),
			publish: (topic, frame) => upgrades?.publish(topic, frame),
			stopAccepting,
			...(tls && {
				async reloadCertificate() {
					const certificate = readCertificate(tls);
					withCertificate(tls, () => (server as HttpsServer).setSecureContext(certificate));
				}
			}),
			[Symbol.asyncDispose]() {
				// `close` calls back once the last connection has ended, also when the server had stopped listening before.
				stopAccepting();
				closed ??= new Promise((resolve) => void server.close(() => resolve()));
				upgrades?.dispose();
				for (const raw of ordinary) raw.destroy();
				server.closeAllConnections();
				return closed;
			}
		};
	}
};

/** Its module is loaded by those alone who have a certificate. */
async function createHttps(
	tls: NonNullable<ListenOptions['tls']>,
	settings: ServerOptions,
	answer: RequestListener
): Promise<HttpsServer> {
	const { createServer } = await import('node:https');
	return withCertificate(tls, () => createServer({ ...settings, ...readCertificate(tls) }, answer));
}

/** Serves connections that somebody else accepted as if `server` had. */
function takeFrom(handed: Handed, server: NetServer): Disposable {
	// Where HTTP servers start to watch for connections that are late.
	server.emit('listening');
	return handed.take((connection) => {
		const socket = connection as Socket;
		// As `server` sets them on what it accepts.
		socket.allowHalfOpen = true;
		socket.setNoDelay(true);
		server.emit('connection', socket);
	});
}

function readCertificate({ cert, key }: NonNullable<ListenOptions['tls']>): { readonly cert: Buffer; readonly key: Buffer } {
	return { cert: readFileSync(cert), key: readFileSync(key) };
}

/** Node looks for late heads every 30 seconds unless told otherwise, and refuses a limit above that of the whole request. */
function timeouts({ keepAliveTimeoutMs, headersTimeoutMs }: ListenOptions): ServerOptions {
	return {
		...(keepAliveTimeoutMs === undefined ? {} : { keepAliveTimeout: keepAliveTimeoutMs }),
		...(headersTimeoutMs === undefined
			? {}
			: {
					headersTimeout: headersTimeoutMs,
					requestTimeout: Math.max(headersTimeoutMs, REQUEST_TIMEOUT_MS),
					connectionsCheckingInterval: Math.min(30_000, Math.max(500, headersTimeoutMs / 2))
				})
	};
}

function where({ host, port, sharePort, socketPath, fd }: ListenOptions): NetListenOptions | { readonly fd: number } {
	if (fd !== undefined) return { fd };
	if (socketPath !== undefined) return { path: socketPath };
	return { host, port, ...(sharePort ? { reusePort: true } : {}) };
}

const portOf = (address: AddressInfo | string | null): number => (typeof address === 'object' ? (address?.port ?? 0) : 0);

function listenError(error: NodeJS.ErrnoException, { host, port, socketPath, fd }: ListenOptions): Error {
	const place = fd === undefined ? (socketPath ?? `${host}:${port}`) : `descriptor ${fd}`;
	const reason = error.code === 'EADDRINUSE' ? 'the port is taken. Stop what uses it, or set PORT' : error.message;
	return new Error(`Cannot listen on ${place}: ${reason}`, { cause: error });
}
