import type { IncomingMessage } from 'node:http';
import type { Frame } from 'svelte-adapter-uws/contract';
import { WebSocket, type ClientOptions } from 'ws';
import { RefusedUpgrade, type Connect, type TcpPeer } from './fixture.ts';

/** The way in over TCP to `origin`, for example `ws://127.0.0.1:3000`. */
export function overTcp(origin: string, options: ClientOptions = { perMessageDeflate: false }): Connect<TcpPeer> {
	return (url, headers, signal) =>
		new Promise((resolve, reject) => {
			const { 'sec-websocket-protocol': protocols, ...rest } = headers;
			const ws = new WebSocket(origin + url, protocols?.split(', ') ?? [], { ...options, headers: rest });
			let peer: TcpPeer | undefined;
			ws.on('upgrade', (response) => void (peer = toPeer(ws, joinHeaders(response))));
			ws.on('open', () => resolve(peer!));
			ws.on('unexpected-response', (request, response) => {
				response.setEncoding('utf8');
				let body = '';
				response.on('data', (part: string) => (body += part));
				response.on('end', () => reject(new RefusedUpgrade(response.statusCode ?? 0, body, joinHeaders(response))));
				request.on('error', () => {});
			});
			ws.on('error', reject);
			const leave = (): void => ws.terminate();
			signal?.addEventListener('abort', leave);
			ws.on('open', () => signal?.removeEventListener('abort', leave));
			if (signal?.aborted) leave();
		});
}

function toPeer(ws: WebSocket, headers: Readonly<Record<string, string>>): TcpPeer {
	const early: Frame[] = [];
	let end: readonly [code: number, reason: string] | undefined;
	let onmessage: ((frame: Frame) => void) | undefined;
	let onclose: ((code: number, reason: string) => void) | undefined;
	ws.on('message', (data: Buffer, isBinary) => {
		const frame = isBinary ? new Uint8Array(data) : data.toString();
		if (onmessage) onmessage(frame);
		else early.push(frame);
	});
	ws.on('close', (code, reason) => {
		end = [code, reason.toString()];
		onclose?.(...end);
	});
	return {
		headers,
		get extensions() {
			return ws.extensions;
		},
		send: (frame) => ws.send(frame),
		close: (code, reason) => ws.close(code, reason),
		drop: () => ws.terminate(),
		pause: () => ws.pause(),
		resume: () => ws.resume(),
		get onmessage() {
			return onmessage ?? (() => {});
		},
		set onmessage(listener) {
			onmessage = listener;
			for (const frame of early.splice(0)) listener(frame);
		},
		get onclose() {
			return onclose ?? (() => {});
		},
		set onclose(listener) {
			onclose = listener;
			if (end) listener(...end);
		}
	};
}

function joinHeaders({ headersDistinct }: IncomingMessage): Readonly<Record<string, string>> {
	return Object.fromEntries(Object.entries(headersDistinct).map(([name, values]) => [name, values!.join(', ')]));
}
