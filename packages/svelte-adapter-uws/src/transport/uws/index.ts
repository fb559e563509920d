import type { TemplatedApp, us_listen_socket, WebSocket } from 'uWebSockets.js';
import type { ListenOptions, Listener, Transport } from '../../contract/transport.ts';
import { answerUws } from './http.ts';
import { UwsSocket, type UserData } from './socket.ts';
import { upgradeUws } from './upgrade.ts';

type Engine = typeof import('uWebSockets.js');

const INSTALL = 'Install it with: npm install uNetworking/uWebSockets.js#v20.67.0 (Linux needs glibc 2.38 or newer, no musl)';

/** Loads the native engine. Rejects with why it cannot, and how to install it. */
export async function loadUws(): Promise<Transport> {
	// The engine refuses request heads over 4 KB unless it is told otherwise before it loads; Node's limit is 16 KB.
	process.env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= '16384';
	try {
		const module: Engine & { default?: Engine } = await import('uWebSockets.js');
		return createUws(module.default ?? module);
	} catch (error) {
		const [reason] = (error instanceof Error ? error.message : String(error)).split('\n').reverse().filter(Boolean);
		throw new Error(`uWebSockets.js does not load: ${reason}. ${INSTALL}`, { cause: error });
	}
}

function createUws(engine: Engine): Transport {
	return {
		name: 'uws',
		async listen(options) {
			const { tls } = options;
			const app = tls ? engine.SSLApp({ cert_file_name: tls.cert, key_file_name: tls.key }) : engine.App();
			if (options.sockets) serveSockets(engine, app, options.sockets);
			const { http } = options;
			app.any('/*', (res, req) => {
				if (http) return answerUws(http, res, req, tls !== undefined);
				res.writeStatus('426 Upgrade Required').end('This server speaks WebSocket only.');
			});
			return toListener(engine, app, await bind(app, options));
		}
	};
}

function serveSockets(engine: Engine, app: TemplatedApp, { handler, options }: NonNullable<ListenOptions['sockets']>): void {
	if (options.idleTimeout !== 0 && !(options.idleTimeout >= 8 && options.idleTimeout <= 960)) {
		// The engine would end the process instead of throwing.
		throw new RangeError(`idleTimeout: got ${options.idleTimeout}, expected 0 or 8 to 960 seconds.`);
	}
	app.ws<UserData>(options.path, {
		maxPayloadLength: options.maxPayloadLength,
		idleTimeout: options.idleTimeout,
		maxBackpressure: options.maxBackpressure,
		sendPingsAutomatically: options.sendPingsAutomatically,
		compression: options.compression ? engine.SHARED_COMPRESSOR : engine.DISABLED,
		upgrade: (res, req, context) => upgradeUws(handler, res, req, context),
		open(ws: WebSocket<UserData>) {
			const slot = ws.getUserData();
			const { data } = slot;
			slot.data = undefined;
			const socket = (slot.socket = new UwsSocket(ws));
			const events = handler.open(socket, data);
			// A handler may close what it was just given; the engine's close came before anybody could hear it then.
			if (slot.closed) events.closed(slot.closed.code, slot.closed.reason);
			else slot.events = events;
		},
		message(ws, message, isBinary) {
			// The engine takes the memory back after this callback: text is decoded, bytes are copied.
			ws.getUserData().events?.message(isBinary ? new Uint8Array(message.slice(0)) : Buffer.from(message).toString());
		},
		drain: (ws) => ws.getUserData().events?.drain(),
		close(ws, code, message) {
			const slot = ws.getUserData();
			const reason = Buffer.from(message).toString();
			slot.socket?.detach();
			if (slot.events) slot.events.closed(code, reason);
			else slot.closed = { code, reason };
		}
	});
}

/** The engine takes a host and options together; its declarations know only one of the two. */
type Listen = (host: string, port: number, options: number, done: (token: us_listen_socket | false) => void) => void;

const SHARED_PORT = 0;
const EXCLUSIVE_PORT = 1;

function bind(app: TemplatedApp, { host, port, sharePort }: ListenOptions): Promise<us_listen_socket> {
	return new Promise((resolve, reject) => {
		(app.listen as unknown as Listen).call(app, host, port, sharePort ? SHARED_PORT : EXCLUSIVE_PORT, (token) => {
			if (token) resolve(token);
			else reject(new Error(`Cannot listen on ${host}:${port}: the port is taken or the address is not this machine's. Stop what uses it, or set PORT and HOST`));
		});
	});
}

function toListener(engine: Engine, app: TemplatedApp, token: us_listen_socket): Listener {
	let accepting = true;
	const stopAccepting = (): void => {
		if (accepting) engine.us_listen_socket_close(token);
		accepting = false;
	};
	return {
		port: engine.us_socket_local_port(token),
		publish: (topic, frame) => void app.publish(topic, frame, typeof frame !== 'string'),
		stopAccepting,
		[Symbol.asyncDispose]() {
			stopAccepting();
			app.close();
			return Promise.resolve();
		}
	};
}
