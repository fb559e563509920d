import { expect, it, onTestFinished, vi } from 'vitest';
import { createClient } from '../../src/client/connect.ts';
import type { Client } from '../../src/contract/client.ts';
import type { ServerCore } from '../../src/core/parts.ts';
import { createServerCore } from '../../src/core/server.ts';
import { systemClock } from '../../src/host/clock.ts';
import { counterId, OPTIONS, testStores } from '../support/core.ts';
import { memoryLog, memoryTelemetry } from '../support/log.ts';
import { Network, type Cut } from '../support/network.ts';
import { SOCKET_OPTIONS, wireTransports, type WireTransport } from '../support/transports.ts';
import { valueOf } from '../support/browser.ts';

const tcp = (await wireTransports()).filter(({ name }) => name !== 'memory');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A server that keeps everything. */
async function start(transport: WireTransport): Promise<ServerCore> {
	const core = await createServerCore({
		listen: (handler) => transport.listen({ host: '127.0.0.1', port: 0, sockets: { handler, options: SOCKET_OPTIONS } }),
		hooks: {},
		clock: systemClock(),
		log: memoryLog(),
		telemetry: memoryTelemetry(),
		options: OPTIONS,
		randomId: counterId(),
		stores: testStores(systemClock())
	});
	onTestFinished(() => core[Symbol.asyncDispose]());
	core.platform.keep(() => true);
	return core;
}

interface Visitor {
	readonly network: Network;
	readonly client: Client;
	/** The data of every event, and `lost` where the server could not tell what was missed. */
	readonly heard: unknown[];
}

/** A client of that server, which comes over a network of its own and holds a topic. */
async function visit(core: ServerCore, topic: string, prepare: (network: Network) => void = () => {}): Promise<Visitor> {
	const network = await Network.to(core.listener.port);
	onTestFinished(() => network[Symbol.asyncDispose]());
	prepare(network);
	const client = createClient({ url: network.url, reconnectInterval: 10, maxReconnectInterval: 40, log: memoryLog() });
	onTestFinished(() => client.close());
	const heard: unknown[] = [];
	client.listen(topic, (envelopes) => heard.push(...envelopes.map(({ data }) => data)));
	client.listen(`__replay:${topic}`, () => heard.push('lost'));
	client.subscribe(topic);
	return { network, client, heard };
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

it.each(tcp)(
	'$name: hears everything from its subscribe on, wherever the connection is cut first',
	{ timeout: 60_000 },
	async (transport) => {
		const core = await start(transport);
		const meet = async (offset: number, how: Cut): Promise<void> => {
			const topic = `cut:${offset}:${how}`;
			const { network, client, heard } = await visit(core, topic, (before) => before.cutAfter(offset, how));
			// Where the client stands once it has read the ack. A reset may take what was delivered along.
			const acked = (): number => Number(/"subscribed"[^}]*"seq":(\d+),"ep":"[^"]*"}/.exec(network.passed)?.[1] ?? NaN);
			let published = 0;
			const publish = async (): Promise<void> => {
				core.platform.publish(topic, 'n', ++published);
				await turn();
			};
			while (network.cuts === 0) await publish();
			const before = acked();
			await vi.waitFor(() => expect(core.platform.subscribers(topic)).toBe(1));
			await expect.poll(async () => (await publish(), heard.at(-1)), { interval: 1 }).toBeTypeOf('number');
			const last = published;
			await vi.waitFor(() => expect(heard.at(-1)).toBe(last));
			const first = heard[0] as number;
			expect(heard).toEqual(numbers(first, last));
			if (how === 'fin' && !Number.isNaN(before)) expect(first).toBe(before + 1);
			expect(network.cuts).toBe(1);
			client.close();
		};
		for (let offset = 0; offset <= 400; offset += 40)
			await Promise.all(numbers(0, 4).flatMap((i) => [meet(offset + i * 8, 'fin'), meet(offset + i * 8, 'rst')]));
	}
);

it.each(tcp)('$name: hears everything, however often the connection is cut', async (transport) => {
	const core = await start(transport);
	const { network, client, heard } = await visit(core, 'flap');
	// Before it was told where it stands, a client that loses its connection has nothing to go on from.
	await vi.waitFor(() => expect(network.passed).toContain('"subscribed"'));
	let published = 0;
	for (let i = 0; i < 20; i++) {
		// It has come back from the cut before.
		await vi.waitFor(() => expect([network.attempts > network.cuts, client.connected]).toEqual([true, true]));
		for (let n = 0; n < 5; n++) {
			core.platform.publish('flap', 'n', ++published);
			if (n === i % 5) network.cutNow(i % 2 === 0 ? 'fin' : 'rst');
			await turn();
		}
	}
	await vi.waitFor(() => expect(heard.at(-1)).toBe(published));
	expect(heard).toEqual(numbers(1, published));
	expect(network.cuts).toBe(20);
});

it.each(tcp)('$name: stays on a slow line that brings one byte after the other', async (transport) => {
	const core = await start(transport);
	const { network, heard } = await visit(core, 'slow', (before) => {
		before.pieceLength = 1;
		before.delay = () => 1;
	});
	await vi.waitFor(() => expect(core.platform.subscribers('slow')).toBe(1));
	for (const n of numbers(1, 20)) core.platform.publish('slow', 'n', n);
	await vi.waitFor(() => expect(heard).toEqual(numbers(1, 20)));
	expect(network.attempts).toBe(1);
});

it.each([
	['a page', 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\n<p/>'],
	['a redirect', 'HTTP/1.1 301 Moved Permanently\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n'],
	['forbidden', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'],
	['a login of the proxy', 'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'],
	['a gateway without a server', 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'],
	[
		'a handshake of something else',
		'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: bm8=\r\n\r\n'
	],
	['nothing', '']
])('goes on trying, and says that it is not connected, while the network answers with %s', async (_, answer) => {
	const core = await start(tcp[0]!);
	const { network, client, heard } = await visit(core, 'a', (before) => void (before.answer = answer));
	await vi.waitFor(() => expect(network.attempts).toBeGreaterThan(2));
	expect(client.connected).toBe(false);
	expect(['disconnected', 'connecting']).toContain(valueOf(client.status));
	expect(valueOf(client.failure)).toMatchObject({ kind: 'ws-close', class: 'RETRY', code: 1006 });
	network.answer = undefined;
	await client.ready();
	expect(valueOf(client.failure)).toBeNull();
	await vi.waitFor(() => expect(core.platform.subscribers('a')).toBe(1));
	core.platform.publish('a', 'n', 1);
	await vi.waitFor(() => expect(heard).toEqual([1]));
});
