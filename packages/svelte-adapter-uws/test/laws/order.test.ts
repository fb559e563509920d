import { IN_TIME } from 'conformance/fuzz/in-time';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/contract/connection.ts';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import type { SocketEvents } from '../../src/contract/transport.ts';
import { createServerCore } from '../../src/core/server.ts';
import { systemClock } from '../../src/host/clock.ts';
import { counterId, testStores, OPTIONS } from '../support/core.ts';
import { memoryLog, memoryTelemetry } from '../support/log.ts';
import { SOCKET_OPTIONS, wireTransports, type WireClient, type WireTransport } from '../support/transports.ts';

/** What a server may do to its clients in one turn. */
type Step =
	| { readonly do: 'publish'; readonly topic: string }
	| { readonly do: 'publishBatched'; readonly topics: readonly string[] }
	| { readonly do: 'send'; readonly client: number; readonly raw: boolean }
	| { readonly do: 'subscribe' | 'unsubscribe'; readonly client: number; readonly topic: string }
	| { readonly do: 'hello'; readonly client: number; readonly caps: readonly string[] };
interface Turn {
	/** Where the steps run: while a frame of client 0 is handled, inside that socket's cork, or on the server's own account. */
	readonly within: 'hook' | 'cork' | 'timer';
	readonly steps: readonly Step[];
}

const CLIENTS = 3;
const client = fc.nat(CLIENTS - 1);
const topic = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), topic }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('publishBatched' as const), topics: fc.array(topic, { maxLength: 5 }) }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('send' as const), client, raw: fc.boolean() }) },
	{
		weight: 4,
		arbitrary: fc.record({
			do: fc.constantFrom('subscribe' as const, 'subscribe' as const, 'unsubscribe' as const),
			client,
			topic
		})
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('hello' as const), client, caps: fc.subarray(['batch', 'epoch']) }) }
);
const capabilities = fc.array(fc.subarray(['batch', 'epoch']), { minLength: CLIENTS, maxLength: CLIENTS });
const turns: fc.Arbitrary<readonly Turn[]> = fc.array(
	fc.record({
		within: fc.constantFrom('hook' as const, 'cork' as const, 'timer' as const),
		steps: fc.array(step, { maxLength: 40 })
	}),
	{ maxLength: 6 }
);

async function start(transport: WireTransport) {
	const opened: Connection[] = [];
	let onFrame = (): void => {};
	const hooks: WebSocketHooks = { open: (ws) => void opened.push(ws), message: () => onFrame() };
	const core = await createServerCore({
		listen: (handler) => transport.listen({ host: '127.0.0.1', port: 0, sockets: { handler, options: SOCKET_OPTIONS } }),
		hooks,
		clock: systemClock(),
		log: memoryLog(),
		telemetry: memoryTelemetry(),
		options: OPTIONS,
		randomId: counterId(),
		stores: testStores()
	});
	const connect = async (): Promise<{ wire: WireClient; ws: Connection }> => {
		const count = opened.length;
		const wire = await transport.connect(core.listener);
		await expect.poll(() => opened.length, { interval: 1 }).toBe(count + 1);
		return { wire, ws: opened[count]! };
	};
	return { core, connect, whenFrame: (run: () => void) => void (onFrame = run) };
}

/** The numbers that a client got, out of single and batch frames alike. */
function numbers(wire: WireClient): number[] {
	return wire.frames.flatMap((frame) => {
		const value = JSON.parse(String(frame)) as { data?: number; events?: { data: number }[] };
		return value.events?.map(({ data }) => data) ?? (value.data === undefined ? [] : [value.data]);
	});
}

describe.each(await wireTransports())('on $name', (transport) => {
	const server = start(transport);
	afterAll(async () => (await server).core[Symbol.asyncDispose]());

	// Laws 1, 2 and 6: every event that a client holds the topic of, once, in the order of the calls, and nothing else.
	it('gives each client exactly its events and sends, once, in the order of the calls', { timeout: 60_000 }, async () => {
		const { core, connect, whenFrame } = await server;
		const { platform } = core;
		await fc.assert(
			fc.asyncProperty(turns, capabilities, async (script, caps) => {
				const clients: Awaited<ReturnType<typeof connect>>[] = [];
				while (clients.length < CLIENTS) clients.push(await connect());
				const hello = (i: number, listed: readonly string[]): void =>
					(clients[i]!.ws as Connection & SocketEvents).message(JSON.stringify({ type: 'hello', caps: listed }));
				caps.forEach((listed, i) => hello(i, listed));
				const held = clients.map(() => new Set<string>());
				const expected: number[][] = clients.map(() => []);
				let next = 0;
				const expectPublish = (name: string, n: number): void =>
					held.forEach((topics, i) => void (topics.has(name) && expected[i]!.push(n)));
				const run = (one: Step): void => {
					const n = ++next;
					if (one.do === 'publish') {
						expectPublish(one.topic, n);
						platform.publish(one.topic, 'e', n);
					} else if (one.do === 'publishBatched') {
						const messages = one.topics.map((name) => ({ topic: name, event: 'e', data: ++next }));
						for (const { topic: name, data } of messages) expectPublish(name, data);
						platform.publishBatched(messages);
					} else if (one.do === 'send') {
						expected[one.client]!.push(n);
						const { ws } = clients[one.client]!;
						if (one.raw) ws.send(JSON.stringify({ data: n }));
						else platform.send(ws, 'direct', 'e', n);
					} else if (one.do === 'hello') {
						hello(one.client, one.caps);
					} else if (one.do === 'subscribe') {
						held[one.client]!.add(one.topic);
						clients[one.client]!.ws.subscribe(one.topic);
					} else {
						held[one.client]!.delete(one.topic);
						clients[one.client]!.ws.unsubscribe(one.topic);
					}
				};
				for (const { within, steps } of script) {
					const turn = (): void => steps.forEach(run);
					await new Promise<void>((resolve) => {
						const done = (): void => void setImmediate(resolve);
						if (within === 'hook') {
							whenFrame(() => (turn(), done()));
							clients[0]!.wire.send('go');
						} else if (within === 'cork') {
							clients[0]!.ws.cork(turn);
							done();
						} else {
							turn();
							done();
						}
					});
				}
				for (const [i, { ws }] of clients.entries()) {
					expected[i]!.push(-1);
					platform.send(ws, 'direct', 'e', -1);
				}
				await expect.poll(() => clients.map(({ wire }) => numbers(wire).at(-1)), { interval: 1 }).toEqual(clients.map(() => -1));
				expect(clients.map(({ wire }) => numbers(wire))).toEqual(expected);
				for (const [i, topics] of held.entries()) expect(new Set(clients[i]!.ws.getTopics())).toEqual(topics);
				for (const { wire } of clients) wire.close();
				await expect.poll(() => platform.connections, { interval: 1 }).toBe(0);
				for (const name of ['a', 'b', 'c']) expect(platform.subscribers(name)).toBe(0);
			}),
			{ numRuns: transport.name === 'memory' ? 150 : 30, ...IN_TIME }
		);
	});
});
