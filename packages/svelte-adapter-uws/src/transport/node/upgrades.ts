import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { SocketHandler, SocketOptions, UpgradeDecision, UpgradeRequest } from '../../contract/transport.ts';
import { normalizeAddress } from '../shared/address.ts';
import { isHeaderSafe, refuseHandshake } from '../shared/handshake.ts';
import { preFrame } from '../shared/pre-frame.ts';
import { Topics } from '../shared/topics.ts';
import { NodeSocket } from './socket.ts';

/** The WebSocket half of the node transport: turns upgrades of one path into sockets, whoever owns the server. */
export interface Upgrades {
	/** Whether an upgrade is for this endpoint. */
	matches(request: IncomingMessage): boolean;
	take(request: IncomingMessage, raw: Duplex, head: Buffer): void;
	publish(topic: string, frame: string | Uint8Array): void;
	/** Drops every socket and stops the idle timer. */
	dispose(): void;
}

export function createUpgrades(handler: SocketHandler, options: SocketOptions): Upgrades {
	const groups = new Topics<NodeSocket>();
	const open = new Set<NodeSocket>();
	const server = new WebSocketServer({
		noServer: true,
		clientTracking: false,
		maxPayload: options.maxPayloadLength,
		perMessageDeflate: options.compression
	});
	let accepted: readonly string[] = [];
	server.on('headers', (lines) => lines.push(...accepted));
	const idle = watchIdle(open, options);

	function accept(request: IncomingMessage, raw: Duplex, head: Buffer, decision: Extract<UpgradeDecision, { accept: true }>): void {
		// ws answers synchronously, so the lines are those of this handshake when its `headers` event comes.
		accepted = (decision.headers ?? []).filter(([name, value]) => isHeaderSafe(name, value)).map(([name, value]) => `${name}: ${value}`);
		server.handleUpgrade(request, raw, head, (ws) => start(ws, raw, addressOf(request), decision.data));
	}

	function start(ws: WebSocket, raw: Duplex, address: string, data: unknown): void {
		const socket = new NodeSocket(ws, raw, address, groups, options.maxBackpressure, Date.now());
		open.add(socket);
		const seen = (): void => void (socket.seenAt = Date.now());
		// Errors of a socket end in its close event; without a listener they would end the process.
		ws.on('error', () => {});
		const events = handler.open(socket, data);
		ws.on('message', (bytes: Buffer, isBinary: boolean) => {
			seen();
			if (socket.open) events.message(isBinary ? bytes : bytes.toString());
		});
		ws.on('ping', seen).on('pong', seen);
		raw.on('drain', () => socket.open && events.drain());
		ws.on('close', (code, reason) => {
			open.delete(socket);
			socket.leaveAll();
			events.closed(code, reason.toString());
		});
	}

	return {
		matches: (request) => request.url?.split('?', 1)[0] === options.path,
		take(request, raw, head) {
			raw.on('error', () => raw.destroy());
			const header = (name: string): string => joined(request, name);
			const refusal = refuseHandshake(request.method ?? '', header);
			if (refusal) return refuse(raw, refusal.status, refusal.body, refusal.headers);
			const abort = new AbortController();
			const left = (): void => abort.abort();
			raw.once('close', left);
			const decide = (decision: UpgradeDecision): void => {
				raw.removeListener('close', left);
				if (raw.destroyed) return;
				if (decision.accept) accept(request, raw, head, decision);
				else refuse(raw, decision.status, decision.body, decision.headers);
			};
			try {
				const decision = handler.upgrade(toRequest(request, header, abort.signal));
				if (decision instanceof Promise) decision.then(decide, () => refuse(raw, 500, 'Internal Server Error'));
				else decide(decision);
			} catch {
				refuse(raw, 500, 'Internal Server Error');
			}
		},
		publish(topic, frame) {
			if (!groups.has(topic)) return;
			const built = preFrame(frame);
			for (const socket of groups.of(topic)) socket.write(frame, built);
		},
		dispose() {
			clearInterval(idle);
			for (const socket of open) socket.terminate();
			server.close();
		}
	};
}

/** One timer for all sockets: pings those that have been silent for half the time, drops those silent for all of it. */
function watchIdle(open: ReadonlySet<NodeSocket>, { idleTimeout, sendPingsAutomatically }: SocketOptions): NodeJS.Timeout | undefined {
	if (idleTimeout === 0) return undefined;
	const limit = idleTimeout * 1000;
	const check = (): void => {
		const now = Date.now();
		for (const socket of open) {
			const silent = now - socket.seenAt;
			if (silent >= limit) socket.terminate();
			else if (sendPingsAutomatically && silent >= limit / 2) socket.ping();
		}
	};
	return setInterval(check, Math.max(limit / 4, 250)).unref();
}

function addressOf(request: IncomingMessage): string {
	return normalizeAddress(request.socket.remoteAddress ?? '');
}

function joined(request: IncomingMessage, name: string): string {
	return request.headersDistinct[name]?.join(name === 'cookie' ? '; ' : ', ') ?? '';
}

function toRequest(request: IncomingMessage, header: (name: string) => string, signal: AbortSignal): UpgradeRequest {
	let headers: Record<string, string> | undefined;
	return {
		url: request.url ?? '/',
		header,
		get headers() {
			if (headers) return headers;
			headers = Object.create(null) as Record<string, string>;
			for (const name of Object.keys(request.headersDistinct)) headers[name] = header(name);
			return headers;
		},
		remoteAddress: addressOf(request),
		signal
	};
}

function refuse(raw: Duplex, status: number, body: string, headers: readonly (readonly [string, string])[] = []): void {
	if (raw.destroyed) return;
	const lines = headers.filter(([name, value]) => isHeaderSafe(name, value)).map(([name, value]) => `${name}: ${value}\r\n`);
	raw.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${lines.join('')}\r\n${body}`);
}
