// uWebSockets.js with nothing around it: the least that JavaScript can do.
import uws from 'uWebSockets.js';
import { announce, answer, API, events, FILE } from './common.ts';
import { pageRenderer } from './kit.ts';

const renderPage = await pageRenderer();
const app = uws.App();

/**
 * All events as one frame for who takes that, one by one for the others; the bytes are those of the adapter. Not in the handler,
 * where the engine would write each by itself.
 */
function publishTogether(text: string): void {
	const frames = events(text).map((data) =>
		JSON.stringify({ topic: 'fan', event: 'created', data, seq: data.n + 1, ep: 'abcdefghijkl' })
	);
	setImmediate(() => {
		app.publish('batches', `{"type":"batch","events":[${frames.join(',')}]}`);
		if (app.numSubscribers('fan') > 0) for (const frame of frames) app.publish('fan', frame);
	});
}

app.ws('/ws', {
	maxPayloadLength: 16_384,
	maxBackpressure: 67_108_864,
	idleTimeout: 120,
	async message(ws, bytes) {
		const text = Buffer.from(bytes).toString();
		if (text.startsWith('publish ')) {
			for (const data of events(text)) app.publish('fan', JSON.stringify({ topic: 'fan', event: 'created', data }));
			return;
		}
		if (text.startsWith('publishTogether ')) {
			publishTogether(text);
			return;
		}
		if (text === 'join' || text === 'join batches') {
			ws.subscribe(text === 'join' ? 'fan' : 'batches');
			ws.send('joined');
			return;
		}
		const reply = await answer(text);
		ws.cork(() => ws.send(reply));
	}
});
app.get('/file.txt', (res) => {
	res.cork(() => {
		res.writeStatus('200 OK');
		for (const [name, value] of FILE.headers) res.writeHeader(name, value);
		res.end(FILE.body);
	});
});
app.get('/api', (res) => {
	res.writeHeader('content-type', 'application/json').end(JSON.stringify(API));
});
app.get('/', (res) => {
	let aborted = false;
	res.onAborted(() => (aborted = true));
	void renderPage().then((html) => {
		if (!aborted) res.cork(() => res.writeHeader('content-type', 'text/html').end(html));
	});
});
app.listen('127.0.0.1', 0, (token) => {
	if (token) announce(uws.us_socket_local_port(token));
});
