import type { IncomingMessage } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Frame, SocketHandler, SocketOptions, UpgradeDecision } from '../../contract/transport.ts';
import { acceptHandshake, asksForWebSocket, refuseHandshake, type Acceptance } from '../shared/handshake.ts';
import { checkSocketOptions } from '../shared/limits.ts';
import { preFrame } from '../shared/pre-frame.ts';
import { Topics } from '../shared/topics.ts';
import { headerOf, NodeHandshake, refuse } from './handshake.ts';
import { checkInterval, IdleWatch } from './idle.ts';
import { NodeSocket, type SocketParts } from './socket.ts';
import { Turn } from './turn.ts';

/** Bytes to one socket that are gathered before they are written. */
const MAX_WAITING = 65_536;
const INTERNAL_ERROR = { status: 500, body: 'Internal Server Error' } as const;

/** The WebSocket half of the node transport: turns upgrades of one path into sockets, whoever owns the server. */
export interface Upgrades {
	/** Whether a request asks for a WebSocket of this endpoint. */
	matches(request: IncomingMessage): boolean;
	take(request: IncomingMessage, raw: Duplex, head: Buffer): void;
	publish(topic: string, frame: Frame): void;
	/** Drops every socket and every handshake that waits for its decision, and stops the idle timer. */
	dispose(): void;
}

/** Throws a RangeError for options that are out of range. */
export function createUpgrades(handler: SocketHandler, options: SocketOptions): Upgrades {
	checkSocketOptions(options);
	const parts: SocketParts = {
		topics: new Topics(),
		turn: new Turn(Math.min(options.maxBackpressure, MAX_WAITING)),
		maxBackpressure: options.maxBackpressure
	};
	const waiting = new Set<Duplex>();
	/** Those that are closing as well. */
	const sockets = new Set<NodeSocket>();
	const idle = new IdleWatch<NodeSocket>(options);
	const timer =
		options.idleTimeout > 0 ? setInterval(() => idle.check(performance.now()), checkInterval(options)).unref() : undefined;
	/** That of the handshake which `ws` is answering: it does so synchronously. */
	let acceptance: Acceptance = { protocol: '', headers: [] };
	const server = new WebSocketServer({
		noServer: true,
		clientTracking: false,
		maxPayload: options.maxPayloadLength,
		perMessageDeflate: Boolean(options.compression),
		handleProtocols: () => acceptance.protocol || false
	});
	server.on('headers', (lines) => {
		for (const [name, value] of acceptance.headers) lines.push(`${name}: ${value}`);
	});

	function open(ws: WebSocket, raw: NetSocket, handshake: NodeHandshake, data: unknown): void {
		const socket = new NodeSocket(ws, raw, handshake.remoteAddress, parts);
		sockets.add(socket);
		idle.add(socket, raw, performance.now());
		ws.on('message', (bytes: Buffer, isBinary) => socket.received(bytes, isBinary));
		// A fault of the protocol: `ws` tells the peer which and closes. For the handler the connection is over.
		ws.on('error', () => socket.ended(1006, ''));
		ws.on('close', (code, reason) => {
			sockets.delete(socket);
			idle.delete(socket);
			socket.ended(code, reason.toString());
		});
		raw.on('drain', () => socket.drained());
		socket.hear(handler.open(socket, data));
	}

	return {
		matches: (request) => request.url?.split('?', 1)[0] === options.path && asksForWebSocket((name) => headerOf(request, name)),
		take(request, stream, head) {
			const raw = stream as NetSocket;
			raw.on('error', destroy);
			const handshake = new NodeHandshake(request);
			const refusal = refuseHandshake(request.method ?? '', handshake.header);
			if (refusal) return refuse(raw, refusal);

			const left = (): void => {
				handshake.abort();
				raw.destroy();
			};
			waiting.add(raw);
			raw.once('end', left).once('close', left);
			const decided = (): boolean => {
				waiting.delete(raw);
				raw.removeListener('end', left).removeListener('close', left);
				return !raw.destroyed;
			};
			const decide = (decision: UpgradeDecision): void => {
				if (!decided()) return handshake.abort();
				if (!decision.accept) return refuse(raw, decision);
				let opened = false;
				acceptance = acceptHandshake(handshake.header('sec-websocket-protocol'), decision.headers);
				// `ws` writes the head of its answer as a string: headers are latin1.
				raw.setDefaultEncoding('latin1');
				server.handleUpgrade(request, raw, head, (ws) => {
					raw.setDefaultEncoding('utf8');
					opened = true;
					open(ws, raw, handshake, decision.data);
				});
				// `ws` drops a connection that can no longer be written to.
				if (!opened) handshake.abort();
			};
			const fail = (): void => void (decided() && refuse(raw, INTERNAL_ERROR));

			let decision: UpgradeDecision | Promise<UpgradeDecision>;
			try {
				decision = handler.upgrade(handshake);
			} catch {
				return fail();
			}
			if ('then' in decision) decision.then(decide, fail);
			else decide(decision);
		},
		publish(topic, frame) {
			if (!parts.topics.has(topic)) return;
			const built = preFrame(frame);
			for (const socket of parts.topics.of(topic)) socket.write(frame, built);
		},
		dispose() {
			clearInterval(timer);
			for (const raw of waiting) raw.destroy();
			for (const socket of sockets) socket.drop();
			server.close();
		}
	};
}

/** A listener that holds nothing of the handshake, because it stays for as long as the socket. */
function destroy(this: Duplex): void {
	this.destroy();
}
