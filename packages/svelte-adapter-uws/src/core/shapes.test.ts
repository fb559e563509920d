import { expect, it, vi } from 'vitest';
import { startCore } from '../../test/support/core.ts';
import type { Bus } from '../contract/bus.ts';
import type { Connection } from '../contract/connection.ts';
import type { Shape } from '../contract/platform.ts';
import { memoryBus, type MemoryBus } from '../host/memory-bus.ts';
import { createTestServer } from '../host/testing.ts';

/** A server with one client that has joined `topics`. */
async function serve(topics: readonly string[], bus?: Pick<MemoryBus, 'join'>) {
	const server = await createTestServer({
		transport: 'memory',
		handler: { open: (ws) => topics.forEach((topic) => ws.subscribe(topic)) },
		...(bus ? { bus: bus.join() } : {})
	});
	const opened = server.waitForConnection();
	const peer = await server.connect();
	const frames: any[] = [];
	peer.onmessage = (frame) => void frames.push(...events(JSON.parse(String(frame))));
	const ws = await opened;
	return {
		platform: server.platform,
		/** The events that it has received, once everything that was published has arrived. */
		async received(): Promise<any[]> {
			server.platform.send(ws, 'end', 'end');
			await vi.waitFor(() => expect(frames.at(-1)).toMatchObject({ topic: 'end' }));
			return frames.filter(({ topic }) => topic !== undefined && topic !== 'end');
		},
		[Symbol.asyncDispose]: () => server.close()
	};
}

function events(frame: any): any[] {
	return frame.type === 'batch' ? frame.events : [frame];
}

it('gives the sockets what the shape says, and taps what was published', async () => {
	await using here = await serve(['t']);
	const tapped: unknown[] = [];
	here.platform.tap(({ data }) => void tapped.push(data));
	using _shape = here.platform.shape('t', (event, data: any) => [{ event, data: { no: data.no } }]);
	expect(here.platform.publish('t', 'created', { no: 1, secret: true })).toBe(true);
	const [frame] = await here.received();
	expect(frame).toMatchObject({ topic: 't', event: 'created', data: { no: 1 }, seq: 1 });
	expect(tapped).toEqual([{ no: 1, secret: true }]);
});

it('relays what was published, and shapes it again on the node that receives it', async () => {
	const bus = memoryBus();
	await using a = await serve(['t'], bus);
	await using b = await serve(['t'], bus);
	const twice: Shape = (event, data: any) => [{ event, data: data * 2 }];
	a.platform.shape('t', twice);
	b.platform.shape('t', twice);
	a.platform.publish('t', 'e', 1);
	expect((await a.received()).map(({ data }) => data)).toEqual([2]);
	expect((await b.received()).map(({ data }) => data)).toEqual([2]);
});

it('throws what the shape throws, before anything has happened', async () => {
	const bus = memoryBus();
	await using a = await serve(['t'], bus);
	await using b = await serve(['t'], bus);
	const shape = a.platform.shape('t', () => {
		throw new RangeError('no');
	});
	expect(() => a.platform.publish('t', 'e', 1)).toThrow(RangeError);
	expect(() => a.platform.publishBatched([{ topic: 't', event: 'e' }])).toThrow(RangeError);
	shape[Symbol.dispose]();
	a.platform.publish('t', 'e', 2);
	expect(await a.received()).toMatchObject([{ data: 2, seq: 1 }]);
	expect(await b.received()).toMatchObject([{ data: 2, seq: 1 }]);
});

it('lets null stop an envelope everywhere, and an empty list only here', async () => {
	const bus = memoryBus();
	await using a = await serve(['t', 'u'], bus);
	await using b = await serve(['t', 'u'], bus);
	a.platform.shape('t', () => null);
	a.platform.shape('u', () => []);
	expect(a.platform.publish('t', 'e', 1)).toBe(false);
	expect(a.platform.publish('u', 'e', 2)).toBe(true);
	a.platform.publishBatched([
		{ topic: 't', event: 'e', data: 3 },
		{ topic: 'u', event: 'e', data: 4 }
	]);
	expect(await a.received()).toEqual([]);
	expect((await b.received()).map(({ topic, data }) => [topic, data])).toEqual([
		['u', 2],
		['u', 4]
	]);
});

it('sends what the shape makes for other topics there, with the position of the envelope', async () => {
	await using here = await serve(['t', 't~~old']);
	here.platform.shape('t', (event, data) => [
		{ event, data },
		{ topic: 't~~old', event, data: `old ${data as string}` },
		{ topic: 'nobody', event, data: 1n }
	]);
	here.platform.publish('t', 'e', 'x');
	expect(await here.received()).toMatchObject([
		{ topic: 't', data: 'x', seq: 1 },
		{ topic: 't~~old', data: 'old x', seq: 1 }
	]);
});

it('leaves the position out where the shape says so', async () => {
	await using here = await serve(['t']);
	here.platform.shape('t', (event, data) => [{ event, data, seq: false }]);
	here.platform.publish('t', 'e', 1);
	const [frame] = await here.received();
	expect(frame).not.toHaveProperty('seq');
});

it('keeps of what waits with one key the last, at its own place', async () => {
	await using here = await serve(['t', 'u']);
	here.platform.shape('t', (event, data: any) => [{ event, data, coalesceKey: data.key }]);
	const say = (key: string, n: number): boolean => here.platform.publish('t', 'e', { key, n });
	say('a', 1);
	say('b', 1);
	here.platform.publish('u', 'e', 0);
	say('a', 2);
	here.platform.publishBatched([
		{ topic: 't', event: 'e', data: { key: 'a', n: 3 } },
		{ topic: 't', event: 'e', data: { key: 'c', n: 1 } }
	]);
	const seen = (await here.received()).map(({ topic, data }) => (topic === 'u' ? 'u' : `${data.key}${data.n}`));
	expect(seen).toEqual(['b1', 'u', 'a3', 'c1']);
});

it('shapes a topic once, and no longer than its owner lives', async () => {
	await using here = await serve(['t']);
	const shape = here.platform.shape('t', () => []);
	expect(() => here.platform.shape('t', () => [])).toThrow('has a shape already');
	shape[Symbol.dispose]();
	const other = here.platform.shape('t', () => []);
	shape[Symbol.dispose]();
	expect(() => here.platform.shape('t', () => [])).toThrow('has a shape already');
	other[Symbol.dispose]();
});

it('drops an envelope of another node that a shape fails on, and taps it all the same', async () => {
	const bus = memoryBus();
	await using a = await serve([], bus);
	await using b = await serve(['t'], bus);
	const tapped: unknown[] = [];
	b.platform.tap(
		({ data }) => void tapped.push(data),
		(topic) => topic === 't'
	);
	b.platform.shape('t', () => {
		throw new Error('shape');
	});
	a.platform.publish('t', 'e', 1);
	a.platform.publish('other', 'e', 2);
	expect(await b.received()).toEqual([]);
	expect(tapped).toEqual([1]);
});

it('tells those who hold a topic that the shape sends to as well that events are lost', async () => {
	let receive: Parameters<Bus['start']>[0] = () => {};
	const bus: Bus = { start: async (hear) => ((receive = hear), { async [Symbol.asyncDispose]() {} }), relay() {} };
	await using here = await serve(['t', 'view', 'other'], { join: () => bus });
	const shown: unknown[] = [];
	here.platform.tap(({ data }) => void shown.push(data));
	here.platform.keep((topic) => topic === 't');
	here.platform.shape(
		't',
		(event, data) => [{ event, data, topic: 'view' }],
		() => ['view']
	);
	const { epoch } = await here.platform.stores.replay.current('t');
	for (const seq of [1, 3]) receive([{ topic: 't', head: `{"topic":"t","event":"e","data":${seq}`, position: { epoch, seq } }]);
	await vi.waitFor(() => expect(shown).toEqual([1, 3]));
	expect((await here.received()).map(({ topic, event }) => [topic, event])).toEqual([
		['view', 'e'],
		['__replay:t', 'truncated'],
		['__replay:view', 'truncated'],
		['view', 'e']
	]);
});

it('keeps the newest of each key for a client that reads slowly, in their order, and nothing of a topic that it has left', async () => {
	const server = await startCore();
	const [slow, fast] = [await server.join(), await server.join()];
	for (const { events } of [slow, fast]) {
		const ws = events as unknown as Connection;
		ws.subscribe('t');
		ws.subscribe('u');
	}
	for (const topic of ['t', 'u']) server.platform.shape(topic, (event, data: any) => [{ event, data, coalesceKey: data[0] }]);
	const seen: unknown[] = [];
	const say = (topic: string, data: string): void => {
		server.platform.publish(topic, 'e', data);
		// The turn ends.
		seen.push(...fast.heard().map((frame) => frame.data));
	};
	slow.socket.congested = true;
	for (const data of ['a1', 'b1', 'a2', 'c1', 'b2']) say('t', data);
	say('u', 'x1');
	(slow.events as unknown as Connection).unsubscribe('u');
	slow.socket.congested = false;
	slow.events.drain();
	say('t', 'a3');
	expect(seen).toEqual(['a1', 'b1', 'a2', 'c1', 'b2', 'x1', 'a3']);
	expect(slow.heard().map((frame) => frame.data)).toEqual(['a2', 'c1', 'b2', 'a3']);
});

it.each<[string, () => any]>([
	['answers later', async () => Promise.reject(new Error('later'))],
	['gives no list', () => ({ event: 'e', data: 1 })],
	['gives what cannot travel', () => [{ event: 'e', data: 1n }]]
])('drops an event of another node, and nothing else, when the shape %s', async (_how, shape) => {
	const bus = memoryBus();
	await using a = await serve([], bus);
	await using b = await serve(['t', 'u'], bus);
	b.platform.shape('t', shape);
	expect(() => b.platform.publish('t', 'e', 1)).toThrow(TypeError);
	a.platform.publishBatched([
		{ topic: 't', event: 'e', data: 1 },
		{ topic: 'u', event: 'e', data: 2 }
	]);
	expect(await b.received()).toMatchObject([{ topic: 'u', data: 2 }]);
	expect(b.platform.assertions.get('hook.shape')).toBe(1);
});
