import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ListenOptions, Listener, Transport } from '../../contract/transport.ts';
import { withCertificate } from '../shared/tls.ts';
import { answerNode } from './http.ts';
import { refuse } from './handshake.ts';
import { answerOrdinary } from './ordinary.ts';
import { createUpgrades } from './upgrades.ts';

const MAX_HEADER_BYTES = 16_384;

/** node:http and `ws`: runs wherever Node does. */
export const nodeTransport: Transport = {
	name: 'node',
	async listen(options: ListenOptions): Promise<Listener> {
		const { sockets, http, tls } = options;
		const certificate = tls && { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
		const answer = (request: IncomingMessage, response: ServerResponse): void => {
			if (http) answerNode(http, request, response, tls !== undefined);
			else
				response
					.writeHead(426, { 'content-type': 'text/plain; charset=utf-8', upgrade: 'websocket' })
					.end('This server speaks WebSocket only.');
		};
		// Where Node knows `shouldUpgradeCallback`, only handshakes arrive as upgrades.
		const settings = {
			maxHeaderSize: MAX_HEADER_BYTES,
			shouldUpgradeCallback: (request: IncomingMessage) => upgrades?.matches(request) ?? false
		};
		const server = tls
			? withCertificate(tls, () => createHttps({ ...settings, ...certificate }, answer))
			: createHttp(settings, answer);
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
		await new Promise<void>((resolve, reject) => {
			server.once('error', (error: NodeJS.ErrnoException) => {
				upgrades?.dispose();
				reject(listenError(error, options));
			});
			server.listen({ host: options.host, port: options.port, ...(options.sharePort ? { reusePort: true } : {}) }, resolve);
		});
		// A connection that cannot be accepted is reported here; without a listener it would end the process.
		server.on('error', () => {});
		const stopAccepting = (): void => void (server.listening && server.close());
		let closed: Promise<void> | undefined;
		return {
			port: (server.address() as AddressInfo).port,
			publish: (topic, frame) => upgrades?.publish(topic, frame),
			stopAccepting,
			[Symbol.asyncDispose]() {
				// `close` calls back once the last connection has ended, also when the server had stopped listening before.
				closed ??= new Promise((resolve) => void server.close(() => resolve()));
				upgrades?.dispose();
				for (const raw of ordinary) raw.destroy();
				server.closeAllConnections();
				return closed;
			}
		};
	}
};

function listenError(error: NodeJS.ErrnoException, { host, port }: ListenOptions): Error {
	const reason = error.code === 'EADDRINUSE' ? 'the port is taken. Stop what uses it, or set PORT' : error.message;
	return new Error(`Cannot listen on ${host}:${port}: ${reason}`, { cause: error });
}
