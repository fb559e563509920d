import { readFileSync } from 'node:fs';
import { createServer as createHttp, ServerResponse, type IncomingMessage } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { ListenOptions, Listener, Transport } from '../../contract/transport.ts';
import { answerNode } from './http.ts';
import { createUpgrades } from './upgrades.ts';

const MAX_HEADER_BYTES = 16_384;

/** node:http and `ws`: runs wherever Node does. */
export const nodeTransport: Transport = {
	name: 'node',
	async listen(options: ListenOptions): Promise<Listener> {
		const { sockets, http, tls } = options;
		const upgrades = sockets && createUpgrades(sockets.handler, sockets.options);
		const answer = (request: IncomingMessage, response: ServerResponse): void => {
			if (http) answerNode(http, request, response, tls !== undefined);
			else response.writeHead(426, { 'content-type': 'text/plain' }).end('This server speaks WebSocket only.');
		};
		const settings = { maxHeaderSize: MAX_HEADER_BYTES, insecureHTTPParser: false };
		const server = tls ? createHttps({ ...settings, cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, answer) : createHttp(settings, answer);
		server.on('checkContinue', answer);
		server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
			if (upgrades?.matches(request)) return upgrades.take(request, raw, head);
			// An upgrade that nobody takes is an ordinary request: node has only handed its socket over.
			const response = new ServerResponse(request);
			response.shouldKeepAlive = false;
			response.assignSocket(raw as Socket);
			response.on('finish', () => raw.end());
			answer(request, response);
		});
		await new Promise<void>((resolve, reject) => {
			server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, options)));
			server.listen({ host: options.host, port: options.port, ...(options.sharePort ? { reusePort: true } : {}) }, resolve);
		});
		const stopAccepting = (): void => void (server.listening && server.close());
		return {
			port: (server.address() as AddressInfo).port,
			publish: (topic, frame) => upgrades?.publish(topic, frame),
			stopAccepting,
			async [Symbol.asyncDispose]() {
				const closed = server.listening || server.connections ? new Promise((done) => server.once('close', done)) : undefined;
				stopAccepting();
				upgrades?.dispose();
				server.closeAllConnections();
				await closed;
			}
		};
	}
};

function listenError(error: NodeJS.ErrnoException, { host, port }: ListenOptions): Error {
	const reason = error.code === 'EADDRINUSE' ? 'the port is taken. Stop what uses it, or set PORT' : error.message;
	return new Error(`Cannot listen on ${host}:${port}: ${reason}`, { cause: error });
}
