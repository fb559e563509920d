import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { ListenOptions, Listener, Transport } from '../../contract/transport.ts';
import { asksForWebSocket, refuseHandshake } from '../shared/handshake.ts';
import { checkSocketOptions } from '../shared/limits.ts';
import { Generations, type Generation } from './generations.ts';
import { createUwsAnswer } from './http.ts';
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
			refuseUnknown(options);
			if (options.sockets) checkSocketOptions(options.sockets.options);
			if (options.socketPath !== undefined) {
				// Few need it, and it needs modules of Node that nothing else here does.
				const { freeSocketPath } = await import('../shared/socket-path.ts');
				await freeSocketPath(options.socketPath);
			}
			const generations = new Generations(engine, options, (generation) => serve(engine, generation, options));
			await generations.start();
			return toListener(generations, options);
		}
	};
}

/** What the engine has no setting for must not look as if it had. */
function refuseUnknown(options: ListenOptions): void {
	if (options.handed) throw new TypeError('handed: got connections, but the native engine takes none over.');
	for (const name of ['fd', 'keepAliveTimeoutMs', 'headersTimeoutMs'] as const) {
		if (options[name] !== undefined)
			throw new TypeError(`${name}: got ${options[name]}, but the native engine has no such setting.`);
	}
}

function serve(engine: Engine, generation: Generation, options: ListenOptions): void {
	const answer = createAnswer(options);
	if (options.sockets) serveSockets(engine, generation, options.sockets, answer);
	generation.app.any('/*', answer);
}

/** Answers everything but handshakes, and handshakes that the engine did not take for one. */
function createAnswer({ http, sockets, tls }: ListenOptions): Answer {
	const path = sockets?.options.path;
	const answer = http && createUwsAnswer(http, tls !== undefined);
	return (res, req) => {
		if (path !== undefined && req.getHeader('upgrade') !== '' && req.getUrl() === path) {
			const handshake = new UwsHandshake(res, req);
			const refusal = asksForWebSocket(handshake.header) && refuseHandshake(handshake.method, handshake.header);
			if (refusal) return refuseUws(res, handshake, refusal);
		}
		if (answer) return answer(res, req);
		res
			.writeStatus('426 Upgrade Required')
			.writeHeader('content-type', 'text/plain; charset=utf-8')
			.writeHeader('upgrade', 'websocket')
			.end('This server speaks WebSocket only.');
	};
}

function serveSockets(
	engine: Engine,
	generation: Generation,
	{ handler, options }: NonNullable<ListenOptions['sockets']>,
	answer: Answer
): void {
	generation.app.ws<UserData & Opening>(options.path, {
		maxPayloadLength: options.maxPayloadLength,
		idleTimeout: options.idleTimeout,
		maxBackpressure: options.maxBackpressure,
		sendPingsAutomatically: options.sendPingsAutomatically,
		compression: options.compression === true ? engine.SHARED_COMPRESSOR : Number(options.compression),
		upgrade(res, req, context) {
			const handshake = new UwsHandshake(res, req);
			// The engine goes by the key alone, and takes a path such as /:name for a pattern.
			if (req.getUrl() === options.path && asksForWebSocket(handshake.header)) upgradeUws(handler, handshake, res, context);
			else answer(res, req);
		},
		open(ws) {
			generation.sockets++;
			const opened = ws.getUserData();
			const { socket, data } = opened;
			opened.data = undefined;
			socket.attach(ws, options.maxBackpressure);
			socket.hear(handler.open(socket, data));
		},
		message: (ws, message, isBinary) => ws.getUserData().socket.received(message, isBinary),
		drain: (ws) => ws.getUserData().socket.drained(ws),
		close(ws, code, message) {
			generation.sockets--;
			ws.getUserData().socket.ended(code, message);
		}
	});
}

function toListener(generations: Generations, { tls }: ListenOptions): Listener {
	return {
		port: generations.port,
		publish: (topic, frame) => generations.publish(topic, frame),
		stopAccepting: () => generations.stopAccepting(),
		...(tls && { reloadCertificate: () => generations.replace() }),
		[Symbol.asyncDispose]() {
			generations.dispose();
			return Promise.resolve();
		}
	};
}
