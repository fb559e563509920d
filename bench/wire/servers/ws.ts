// `ws` on node:http, as its README shows it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { announce, answer, API, events, FILE } from './common.ts';
import { pageRenderer } from './kit.ts';

const renderPage = await pageRenderer();
const joined = new Set<WebSocket>();

const http = createServer((request, response) => {
	if (request.url === '/file.txt') {
		response.writeHead(200, { ...Object.fromEntries(FILE.headers), 'content-length': FILE.body.length }).end(FILE.body);
	} else if (request.url === '/api') {
		response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(API));
	} else {
		void renderPage().then((html) => response.writeHead(200, { 'content-type': 'text/html' }).end(html));
	}
});

new WebSocketServer({ server: http, path: '/ws', perMessageDeflate: false }).on('connection', (socket) => {
	socket.on('close', () => joined.delete(socket));
	socket.on('message', (bytes: Buffer) => {
		const text = bytes.toString();
		if (text.startsWith('publish')) {
			for (const data of events(text)) {
				const frame = JSON.stringify({ topic: 'fan', event: 'created', data });
				for (const member of joined) member.send(frame);
			}
			return;
		}
		if (text === 'join') {
			joined.add(socket);
			socket.send('joined');
			return;
		}
		void answer(text).then((reply) => socket.send(reply));
	});
});
http.listen(0, '127.0.0.1', () => announce((http.address() as AddressInfo).port));
