// socket.io at its defaults, without polling: acknowledgements are its calls, rooms its topics.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { add, announce, events } from './common.ts';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], path: '/ws', addTrailingSlash: false, serveClient: false });

io.on('connection', (socket) => {
	socket.on('call', async (text: string, reply: (result: unknown) => void) => reply(await add(text)));
	socket.on('join', (reply: (result: unknown) => void) => {
		void socket.join('fan');
		reply(true);
	});
	socket.on('publish', (text: string) => {
		for (const data of events(text)) io.to('fan').emit('created', data);
	});
});
http.listen(0, '127.0.0.1', () => announce((http.address() as AddressInfo).port));
