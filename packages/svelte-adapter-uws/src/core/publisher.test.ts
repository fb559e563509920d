import { expect, it } from 'vitest';
import type { Encoded } from '../contract/envelope.ts';
import type { Bus } from '../contract/bus.ts';
import { startCore } from '../../test/support/core.ts';
import { LIMITS } from './limits.ts';

/** A bus that a test looks into. */
function testBus() {
	const calls: (readonly Encoded[])[] = [];
	const relayed: Encoded[] = [];
	let receive: (messages: readonly Encoded[]) => void = () => {};
	const bus: Bus = {
		relay: (messages) => {
			calls.push(messages);
			relayed.push(...messages);
		},
		start: async (given) => ((receive = given), { [Symbol.asyncDispose]: async () => {} })
	};
	return { bus, calls, relayed, receive: (...messages: Encoded[]) => receive(messages) };
}

async function withClient(caps: readonly string[], ...topics: string[]) {
	const server = await startCore();
	const client = await server.join();
	client.say({ type: 'hello', caps });
	for (const topic of topics) client.say({ type: 'subscribe', topic });
	return { ...server, client };
}

it('holds publishes back to the end of the turn and sends them as one frame', async () => {
	const { client, platform, clock } = await withClient(['batch'], 't');
	for (let i = 0; i < 3; i++) platform.publish('t', 'e', i);
	expect(client.socket.frames).toHaveLength(1);
	clock.turn();
	expect(client.heard().slice(-1)).toEqual([
		{ type: 'batch', events: [0, 1, 2].map((data) => ({ topic: 't', event: 'e', data, seq: data + 1 })) }
	]);
});

it('breaks a run where the topic changes, so that order holds across topics', async () => {
	const { client, platform } = await withClient(['batch'], 'a', 'b');
	for (const topic of ['a', 'a', 'b', 'a']) platform.publish(topic, 'e');
	expect(client.heard().map((frame) => frame.events?.map((one: any) => one.topic) ?? frame.topic)).toEqual([
		['a', 'a'],
		'b',
		'a'
	]);
});

it('numbers each topic from 1, and not the events that opted out', async () => {
	const { client, platform } = await withClient([], 't');
	platform.publish('t', 'e', 1);
	platform.publish('t', 'e', 2, { seq: false });
	platform.publish('t', 'e', 3);
	expect(client.heard().map(({ seq }) => seq)).toEqual([1, undefined, 2]);
});

it('adds the epoch for clients that listed it', async () => {
	const { client, platform } = await withClient(['epoch'], 't');
	platform.publish('t', 'e', 1);
	platform.publish('t', 'e', 2, { seq: false });
	expect(client.heard()).toEqual([
		{ topic: 't', event: 'e', data: 1, seq: 1, ep: platform.epoch },
		{ topic: 't', event: 'e', data: 2 }
	]);
});

it('consumes no number for data that cannot travel', async () => {
	const { client, platform } = await withClient([], 't');
	const cycle: unknown[] = [];
	cycle.push(cycle);
	for (const data of [cycle, 1n]) expect(() => platform.publish('t', 'e', data)).toThrow(TypeError);
	expect(() => platform.publish('t"', 'e')).toThrow(/topic/);
	expect(() => platform.publish('t', 7 as unknown as string)).toThrow(/event/);
	expect(() =>
		platform.publishBatched([
			{ topic: 't', event: 'e', data: 1 },
			{ topic: 't', event: 'e', data: 1n }
		])
	).toThrow(TypeError);
	platform.publish('t', 'e', () => 1);
	expect(client.heard()).toEqual([{ topic: 't', event: 'e', data: null, seq: 1 }]);
});

it('never lets a send overtake what was published before it', async () => {
	const { client, platform } = await withClient(['batch'], 't');
	const [connection] = [client.events as never];
	platform.publish('t', 'e', 1);
	platform.send(connection, 'reply', 'r');
	platform.publish('t', 'e', 2);
	expect(client.heard().map(({ topic }) => topic)).toEqual(['t', 'reply', 't']);
});

it('sends at once when nothing waits', async () => {
	const { client, platform } = await withClient([]);
	expect(platform.send(client.events as never, 'reply', 'r')).toBe(1);
	expect(client.socket.frames).toHaveLength(2);
});

it('keeps bytes that wait as they were when they were sent', async () => {
	const { client, platform } = await withClient([], 't');
	const bytes = new Uint8Array([1]);
	platform.publish('t', 'e');
	(client.events as unknown as { send(bytes: Uint8Array): void }).send(bytes);
	bytes[0] = 9;
	expect(client.heard().at(-1)).toEqual(new Uint8Array([1]));
});

it('drops what waits for a socket that has closed, and sends the rest', async () => {
	const { client, platform, join, clock } = await withClient([], 't');
	const other = await join();
	other.say({ type: 'subscribe', topic: 't' });
	platform.publish('t', 'e', 1);
	platform.send(client.events as never, 'reply', 'r');
	platform.send(client.events as never, 'reply', 'r');
	platform.publish('t', 'e', 2);
	client.leave();
	const { length } = client.socket.frames;
	clock.turn();
	expect(client.socket.frames).toHaveLength(length);
	expect(other.heard().map(({ data }) => data)).toEqual([1, 2]);
});

it('flushes early instead of holding more than its bounds', async () => {
	const { client, platform, clock } = await withClient(['batch'], 't');
	for (let i = 0; i < LIMITS.pendingFrames; i++) platform.publish('t', 'e');
	expect(client.socket.frames.length).toBeGreaterThan(1);
	const before = client.socket.frames.length;
	platform.publish('t', 'e', 'x'.repeat(LIMITS.pendingSize));
	expect(client.socket.frames).toHaveLength(before + 1);
	clock.turn();
	expect(client.socket.frames).toHaveLength(before + 1);
});

it('asks for one end of turn, however much is published', async () => {
	const { platform, clock } = await withClient([], 't');
	let asked = 0;
	const { soon } = clock;
	clock.soon = (run) => (asked++, soon.call(clock, run));
	for (let i = 0; i < 100; i++) platform.publish('t', 'e');
	clock.turn();
	expect(asked).toBe(1);
	platform.publish('t', 'e');
	expect(asked).toBe(2);
});

it('keeps nothing for a topic that nobody holds', async () => {
	const { platform, clock } = await startCore();
	expect(platform.publish('t', 'e')).toBe(false);
	expect(clock.busy).toBe(false);
});

it('relays each envelope once, as it was encoded, unless told not to', async () => {
	const { bus, relayed } = testBus();
	const { platform } = await startCore({}, { bus });
	expect(platform.publish('t', 'e', { a: 1 })).toBe(true);
	expect(platform.publish('t', 'e', 2, { relay: false })).toBe(false);
	platform.publishBatched([
		{ topic: 't', event: 'e', data: 3 },
		{ topic: 'u', event: 'e', options: { relay: false } }
	]);
	expect(relayed).toEqual([
		{ topic: 't', head: '{"topic":"t","event":"e","data":{"a":1}', position: { epoch: platform.epoch, seq: 1 } },
		{ topic: 't', head: '{"topic":"t","event":"e","data":3', position: { epoch: platform.epoch, seq: 3 } }
	]);
});

it('takes what a bridge brings as that of another node: the sockets hear it, taps hear whose it is, and nobody else does', async () => {
	const { bus, relayed } = testBus();
	const { platform, join } = await startCore({}, { bus });
	const client = await join();
	client.say({ type: 'subscribe', topic: 't' });
	client.heard();
	const seen: unknown[] = [];
	platform.tap(({ data }, origin) => seen.push([data, origin]));
	const brought = { origin: 'remote' } as const;
	platform.publish('t', 'e', 1, brought);
	platform.batch([{ topic: 't', event: 'e', data: 2, options: brought }]);
	platform.publishBatched([
		{ topic: 't', event: 'e', data: 3, options: brought },
		{ topic: 'u', event: 'e', data: 4, options: { origin: 'local', relay: false } }
	]);
	expect(client.heard().map(({ data }) => data)).toEqual([1, 2, 3]);
	expect(seen).toEqual([
		[1, 'remote'],
		[2, 'remote'],
		[3, 'remote'],
		[4, 'local']
	]);
	expect(relayed).toEqual([]);
});

it('relays what was published together in one call, before anything that a tap publishes', async () => {
	const { bus, calls } = testBus();
	const { platform } = await startCore({}, { bus });
	const tap = platform.tap(({ event }) => void (event === 'e' && platform.publish('tap', 'heard')));
	platform.publishBatched(['t', 'u', 't'].map((topic, data) => ({ topic, event: 'e', data })));
	expect(calls.map((messages) => messages.map(({ topic }) => topic))).toEqual([['t', 'u', 't'], ['tap'], ['tap'], ['tap']]);
	tap[Symbol.dispose]();
	platform.publishBatched([{ topic: 't', event: 'e', options: { relay: false } }]);
	expect(calls).toHaveLength(4);
});

it('takes together what another node published together: each part shaped and shown to taps, and the unreadable left out', async () => {
	const { bus, receive } = testBus();
	const { platform, join } = await startCore({}, { bus, options: { throwsAssertions: false } });
	const client = await join();
	client.say({ type: 'hello', caps: ['batch'] });
	for (const topic of ['a', 'b', 'c', 'd']) client.say({ type: 'subscribe', topic });
	client.heard();
	const seen: unknown[] = [];
	platform.tap(({ topic, data }, origin) => seen.push([topic, data, origin]));
	platform.shape('b', (event, data) => [{ event, data: `shaped ${data}` }]);
	platform.shape('c', () => null);
	const one = (topic: string, data: number): Encoded => ({ topic, head: `{"topic":"${topic}","event":"e","data":${data}` });
	receive(one('a', 1), one('b', 2), one('c', 3), { topic: 'd', head: 'nonsense' }, one('a', 4));
	const [batch, ...more] = client.heard();
	expect([batch.events.map(({ topic, data }: any) => [topic, data]), more]).toEqual([
		[
			['a', 1],
			['b', 'shaped 2'],
			['a', 4]
		],
		[]
	]);
	expect(seen).toEqual([
		['a', 1, 'remote'],
		['b', 2, 'remote'],
		['c', 3, 'remote'],
		['a', 4, 'remote']
	]);
});

it('hands on what another node relayed, as it is, and never relays it again', async () => {
	const { bus, relayed, receive } = testBus();
	const server = await startCore({}, { bus });
	const client = await server.join();
	client.say({ type: 'hello', caps: ['epoch'] });
	client.say({ type: 'subscribe', topic: 't' });
	const seen: unknown[] = [];
	server.platform.tap((envelope, origin) => seen.push([envelope, origin]));
	const position = { epoch: 'other', seq: 41 };
	receive({ topic: 't', head: '{"topic":"t","event":"e","data":{"a":1}', position });
	expect(client.heard()).toEqual([{ topic: 't', event: 'e', data: { a: 1 }, seq: 41, ep: 'other' }]);
	expect(seen).toEqual([[{ topic: 't', event: 'e', data: { a: 1 }, position }, 'remote']]);
	expect(relayed).toEqual([]);
	server.platform.publish('t', 'e');
	expect(client.heard()[0]).toMatchObject({ seq: 1, ep: server.platform.epoch });
});

it('lets what a tap publishes follow what it saw', async () => {
	const { client, platform } = await withClient([], 'a', 'b');
	const tap = platform.tap(({ topic, data }) => {
		if (topic === 'a') platform.publish('b', 'sum', data);
	});
	platform.publish('a', 'e', 1);
	platform.publish('a', 'e', 2);
	expect(client.heard().map(({ topic, data }) => [topic, data])).toEqual([
		['a', 1],
		['b', 1],
		['a', 2],
		['b', 2]
	]);
	tap[Symbol.dispose]();
	platform.publish('a', 'e', 3);
	expect(client.heard()).toHaveLength(1);
});

it('publishes all of a batch before a tap sees the first of it', async () => {
	const { client, platform } = await withClient(['batch'], 'a', 'b', 'c');
	platform.tap(({ topic }) => void (topic === 'a' && platform.publish('c', 'e')));
	platform.publishBatched([
		{ topic: 'a', event: 'e' },
		{ topic: 'b', event: 'e' }
	]);
	expect(client.heard().map((frame) => frame.events?.map((one: any) => one.topic) ?? frame.topic)).toEqual([['a', 'b'], 'c']);
});

it('of messages with one key sends the last, at its own place', async () => {
	const { client, platform } = await withClient(['batch'], 'a', 'b');
	platform.publishBatched([
		{ topic: 'a', event: 'move', data: 1, coalesceKey: 'k' },
		{ topic: 'b', event: 'x', data: 2 },
		{ topic: 'a', event: 'move', data: 3, coalesceKey: 'k' },
		{ topic: 'a', event: 'y', data: 4 }
	]);
	expect(client.heard()).toEqual([
		{
			type: 'batch',
			events: [
				{ topic: 'b', event: 'x', data: 2, seq: 1 },
				{ topic: 'a', event: 'move', data: 3, seq: 1 },
				{ topic: 'a', event: 'y', data: 4, seq: 2 }
			]
		}
	]);
});

it('warns of an event that browsers would drop, and sends it', async () => {
	const { client, platform, log } = await withClient([], 't');
	platform.publish('t', 'big', 'x'.repeat(LIMITS.frameSize));
	expect(client.heard()).toHaveLength(1);
	expect(log.lines.map(([, message]) => message)).toEqual([expect.stringMatching(/"big" on "t" has/)]);
});
