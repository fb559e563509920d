import { accessSync, constants } from 'node:fs';
import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from 'uWebSockets.js';
import type { ListenOptions, Listener, Transport } from '../../contract/transport.ts';
import { asksForWebSocket, refuseHandshake } from '../shared/handshake.ts';
import { checkSocketOptions } from '../shared/limits.ts';
import { withCertificate } from '../shared/tls.ts';
import { answerUws } from './http.ts';
import { loadEngine, type Engine } from './load.ts';
import type { UserData } from './socket.ts';
import { refuseUws, upgradeUws, UwsHandshake, type Opening } from './upgrade.ts';

type Answer = (res: HttpResponse, req: HttpRequest) => void;

/** Loads the native engine. Rejects with why it does not load, and what to do about it. */
export async function loadUws(): Promise<Transport> {
	return createUws(await loadEngine());
}

function createUws(engine: Engine): Transport {
	return {
		name: 'uws',
		async listen(options) {
			if (options.sockets) checkSocketOptions(options.sockets.options);
			const app = createApp(engine, options.tls);
			const answer = createAnswer(options);
			if (options.sockets) serveSockets(engine, app, options.sockets, answer);
			app.any('/*', answer);
			return toListener(engine, app, await bind(engine, app, options), options.sockets !== undefined);
		}
	};
}

function createApp(engine: Engine, tls: ListenOptions['tls']): TemplatedApp {
	if (!tls) return engine.App();
	for (const file of [tls.cert, tls.key]) accessSync(file, constants.R_OK);
	return withCertificate(tls, () => engine.SSLApp({ cert_file_name: tls.cert, key_file_name: tls.key }));
}

/** Answers everything but handshakes, and handshakes that the engine did not take for one. */
function createAnswer({ http, sockets, tls }: ListenOptions): Answer {
	const path = sockets?.options.path;
	return (res, req) => {
		if (path !== undefined && req.getHeader('upgrade') !== '' && req.getUrl() === path) {
			const handshake = new UwsHandshake(res, req);
			const refusal = asksForWebSocket(handshake.header) && refuseHandshake(handshake.method, handshake.header);
			if (refusal) return refuseUws(res, handshake, refusal);
		}
		if (http) return answerUws(http, res, req, tls !== undefined);
		res
			.writeStatus('426 Upgrade Required')
			.writeHeader('content-type', 'text/plain; charset=utf-8')
			.writeHeader('upgrade', 'websocket')
			.end('This server speaks WebSocket only.');
	};
}

function serveSockets(
	engine: Engine,
	app: TemplatedApp,
	{ handler, options }: NonNullable<ListenOptions['sockets']>,
	answer: Answer
): void {
	app.ws<UserData & Opening>(options.path, {
		maxPayloadLength: options.maxPayloadLength,
		idleTimeout: options.idleTimeout,
		maxBackpressure: options.maxBackpressure,
		sendPingsAutomatically: options.sendPingsAutomatically,
		compression: options.compression ? engine.SHARED_COMPRESSOR : engine.DISABLED,
		upgrade(res, req, context) {
			const handshake = new UwsHandshake(res, req);
			// The engine goes by the key alone, and takes a path such as /:name for a pattern.
			if (req.getUrl() === options.path && asksForWebSocket(handshake.header)) upgradeUws(handler, handshake, res, context);
			else answer(res, req);
		},
		open(ws) {
			const opened = ws.getUserData();
			const { socket, data } = opened;
			opened.data = undefined;
			socket.attach(ws, options.maxBackpressure);
			socket.hear(handler.open(socket, data));
		},
		message: (ws, message, isBinary) => ws.getUserData().socket.received(message, isBinary),
		drain: (ws) => ws.getUserData().socket.drained(ws),
		close: (ws, code, message) => ws.getUserData().socket.ended(code, message)
	});
}

/** What the engine offers beyond what its types say. */
type Bind = (host: string, port: number, flags: number, done: (token: us_listen_socket | false) => void) => void;
interface Flags {
	readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
}

function bind(engine: Engine, app: TemplatedApp, { host, port, sharePort }: ListenOptions): Promise<us_listen_socket> {
	const flags = sharePort ? 0 : (engine as unknown as Flags).LIBUS_LISTEN_EXCLUSIVE_PORT;
	return new Promise((resolve, reject) => {
		const done = (token: us_listen_socket | false): void => {
			if (token) resolve(token);
			else
				reject(
					new Error(
						`Cannot listen on ${host}:${port}: the port is taken or the address is not this machine's. Stop what uses it, or set PORT and HOST`
					)
				);
		};
		(app.listen as unknown as Bind).call(app, host, port, flags, done);
	});
}

function toListener(engine: Engine, app: TemplatedApp, token: us_listen_socket, hasSockets: boolean): Listener {
	let accepting = true;
	let disposed = false;
	const stopAccepting = (): void => {
		if (accepting) engine.us_listen_socket_close(token);
		accepting = false;
	};
	return {
		port: engine.us_socket_local_port(token),
		// An app that has no sockets has no topics either: the engine would reach into nothing.
		publish: (topic, frame) => void (hasSockets && !disposed && app.publish(topic, frame, typeof frame !== 'string')),
		stopAccepting,
		[Symbol.asyncDispose]() {
			stopAccepting();
			if (!disposed) app.close();
			disposed = true;
			return Promise.resolve();
		}
	};
}
