import { afterEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createTestServer, type TestServer } from '../../src/host/testing.ts';

// A real client that stops reading, on both engines. The system takes some megabytes before a server notices.
const SIZE = 65_536;
const MOST = 2_000;
const text = 'x'.repeat(SIZE);
const opened: WebSocket[] = [];

afterEach(() => {
	for (const ws of opened.splice(0)) ws.terminate();
});

/** A client that holds topics; everything it hears, as events. */
async function client(server: TestServer, topics: readonly string[]) {
	const ws = new WebSocket(server.wsUrl);
	opened.push(ws);
	const events: { readonly topic: string; readonly event: string; readonly seq?: number }[] = [];
	let ended: readonly [number, string] | undefined;
	ws.on('message', (data: Buffer) => {
		const frame = JSON.parse(data.toString());
		if (frame.topic && frame.event) events.push(frame);
	});
	ws.on('close', (code, reason) => (ended = [code, reason.toString()]));
	const [connection] = await Promise.all([
		server.waitForConnection(),
		new Promise((resolve, reject) => void ws.once('open', resolve).once('error', reject))
	]);
	for (const topic of topics) connection.subscribe(topic);
	return { ws, connection, events, ended: () => ended };
}
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

for (const transport of ['node', 'uws'] as const) {
	const start = () =>
		createTestServer({
			transport,
			wsOptions: { maxBackpressure: SIZE },
			log: { debug() {}, info() {}, warn() {}, error() {} },
			handler: {
				init({ platform }) {
					platform.whenSlow('reliable', 'close');
					platform.whenSlow('latest', 'coalesce');
				}
			}
		});

	it(`${transport}: closes who misses an event of a reliable topic, without a hole before, and nobody else`, async () => {
		await using server = await start();
		const [slow, fast] = [await client(server, ['reliable', 'plain']), await client(server, ['reliable'])];
		slow.ws.pause();
		let published = 0;
		while (server.wsConnections.size === 2 && published < MOST) {
			server.platform.publish('plain', 'e', text);
			server.platform.publish('reliable', 'e', ++published);
			await turn();
		}
		await vi.waitFor(() => expect(server.wsConnections.size).toBe(1));
		server.platform.publish('reliable', 'last', ++published);
		slow.ws.resume();
		await vi.waitFor(() => expect(slow.ended()).toEqual([4429, 'too slow']));
		const seqs = slow.events.filter(({ topic }) => topic === 'reliable').map(({ seq }) => seq!);
		expect(seqs.length).toBeGreaterThan(0);
		expect(seqs.length).toBeLessThan(published);
		expect(seqs).toEqual(seqs.map((_, i) => i + 1));
		await vi.waitFor(() => expect(fast.events).toHaveLength(published));
		expect(fast.ended()).toBeUndefined();
	});

	it(`${transport}: gives who reads slowly the last event of a coalesced topic, and keeps it`, async () => {
		await using server = await start();
		const { ws, connection, events, ended } = await client(server, ['latest']);
		ws.pause();
		let published = 0;
		// Until the buffer is used, and some more that must not be.
		for (let behind = 0; behind < 50 && published < MOST;) {
			server.platform.publish('latest', 'set', `${++published} ${text}`);
			await turn();
			if (connection.getBufferedAmount() > 0) behind++;
		}
		expect(connection.getBufferedAmount()).toBeLessThan(2 * SIZE + 1_000);
		ws.resume();
		await vi.waitFor(() => expect(events.at(-1)?.seq).toBe(published));
		expect(events.length).toBeLessThan(published - 40);
		expect(ended()).toBeUndefined();
	});

	it(`${transport}: sends the last of each key once the client reads again, before the drain hook`, async () => {
		await using server = await start();
		const { ws, connection, events } = await client(server, []);
		ws.pause();
		let sent = 0;
		for (let behind = 0; behind < 50 && sent < MOST;) {
			sent++;
			for (const key of ['a', 'b']) server.platform.sendCoalesced(connection, { key, topic: key, event: `${sent}`, data: text });
			await turn();
			if (connection.getBufferedAmount() > 0) behind++;
		}
		ws.resume();
		const last = (topic: string) => events.findLast((event) => event.topic === topic)?.event;
		await vi.waitFor(() => expect([last('a'), last('b')]).toEqual([`${sent}`, `${sent}`]));
		expect(events.length).toBeLessThan(2 * (sent - 40));
		const heard = events.length;
		await turn();
		expect(events).toHaveLength(heard);
	});
}
