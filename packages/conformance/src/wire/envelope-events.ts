import { expect } from 'vitest';
import type { Law } from '../suite.ts';
import { connect, type WireServer } from './client.ts';

/** The laws of events: what they look like, how they are numbered, and their order. */
export function defineEventLaws(law: Law<WireServer>): void {
	/** A client with capabilities that holds topics of its own: the server may be in use by others. */
	const joined = async (server: WireServer, caps: readonly string[] | undefined, ...names: readonly string[]) => {
		const client = await connect(server);
		const topics = names.map((name) => `${name}-${client.welcome!.sessionId}`);
		if (caps) client.say({ type: 'hello', caps });
		client.say({ type: 'subscribe-batch', topics });
		await client.heard();
		return { client, topics: topics as [string, string, string] };
	};
	const datas = (frames: readonly any[]): unknown[] =>
		frames.flatMap((frame): unknown[] => (frame.events ? datas(frame.events) : [frame.data]));

	law('writes an event as topic, event, data and seq, in this order', async (server) => {
		const { client, topics } = await joined(server, undefined, 'form');
		client.run(
			{ do: 'publish', topic: topics[0], event: 'created', data: { id: 5 } },
			{ do: 'publish', topic: topics[0], event: 'gone' }
		);
		expect(await client.nextRaw()).toBe(`{"topic":"${topics[0]}","event":"created","data":{"id":5},"seq":1}`);
		expect(await client.nextRaw()).toBe(`{"topic":"${topics[0]}","event":"gone","data":null,"seq":2}`);
	});

	law('numbers a topic from 1, and not the events that opt out', async (server) => {
		const { client, topics } = await joined(server, undefined, 'seq');
		const [topic] = topics;
		client.run({ do: 'publish', topic }, { do: 'publish', topic, options: { seq: false } }, { do: 'publish', topic });
		expect((await client.heard()).map(({ seq }) => seq)).toEqual([1, undefined, 2]);
	});

	law('adds the epoch of the welcome for clients that list it', async (server) => {
		const { client, topics } = await joined(server, ['epoch'], 'epoch');
		client.run({ do: 'publish', topic: topics[0] }, { do: 'publish', topic: topics[0], options: { seq: false } });
		const [first, second] = await client.heard();
		expect(first).toMatchObject({ seq: 1, ep: client.welcome!.ep });
		expect(Object.keys(second)).toEqual(['topic', 'event', 'data']);
	});

	law('sends to one client without a position', async (server) => {
		const { client } = await joined(server, ['epoch']);
		client.run({ do: 'send', topic: 'direct', event: 'e', data: 1 });
		expect(await client.nextRaw()).toBe('{"topic":"direct","event":"e","data":1}');
	});

	law('joins the events of one turn for clients that take batches, and for no others', async (server) => {
		const single = await joined(server, undefined, 'turn');
		const batch = await connect(server);
		batch.say({ type: 'hello', caps: ['batch', 'later'] }, { type: 'subscribe', topic: single.topics[0] });
		await batch.heard();
		single.client.run(...[1, 2, 3].map((data) => ({ do: 'publish', topic: single.topics[0], data })));
		const one = await single.client.heard();
		expect(one.map(({ seq }) => seq)).toEqual([1, 2, 3]);
		expect(await batch.heard()).toEqual([{ type: 'batch', events: one }]);
	});

	law('gives each client its own part of what is published together, as one frame where it takes batches', async (server) => {
		const both = await joined(server, ['batch'], 'a', 'b');
		const [a, b] = both.topics;
		const onlyB = await connect(server);
		onlyB.say({ type: 'hello', caps: ['batch'] }, { type: 'subscribe', topic: b });
		const single = await connect(server);
		single.say({ type: 'subscribe-batch', topics: [b, a] });
		const none = await joined(server, ['batch'], 'c');
		for (const client of [onlyB, single]) await client.heard();
		both.client.run({
			do: 'publishBatched',
			messages: [
				{ topic: a, event: 'e', data: 1 },
				{ topic: b, event: 'e', data: 2, coalesceKey: 'k' },
				{ topic: a, event: 'e', data: 3 },
				{ topic: b, event: 'e', data: 4, coalesceKey: 'k' }
			]
		});
		const events = [
			[a, 1, 1],
			[a, 3, 2],
			[b, 4, 1]
		].map(([topic, data, seq]) => ({ topic, event: 'e', data, seq }));
		expect(await both.client.next()).toEqual({ type: 'batch', events });
		expect(await onlyB.next()).toEqual(events[2]);
		expect([await single.next(), await single.next(), await single.next()]).toEqual(events);
		for (const client of [both.client, onlyB, single, none.client]) expect(await client.heard()).toEqual([]);
	});

	law('never lets a send overtake what was published before it', async (server) => {
		for (const caps of [undefined, ['batch']]) {
			const { client, topics } = await joined(server, caps, 'reply');
			client.run(
				{ do: 'publish', topic: topics[0], data: 1 },
				{ do: 'publish', topic: topics[0], data: 2 },
				{ do: 'send', topic: 'direct', event: 'e', data: 3 },
				{ do: 'publish', topic: topics[0], data: 4 },
				{ do: 'raw', text: '{"data":5}' }
			);
			expect(datas(await client.heard())).toEqual([1, 2, 3, 4, 5]);
		}
	});

	law('keeps the order of a turn, however much is published in it', async (server) => {
		for (const caps of [undefined, ['batch', 'epoch']]) {
			const { client, topics } = await joined(server, caps, 'many', 'other');
			const count = 150;
			client.run(...Array.from({ length: count }, (_, data) => ({ do: 'publish', topic: topics[data % 7 ? 0 : 1], data })));
			expect(datas(await client.heard())).toEqual(Array.from({ length: count }, (_, data) => data));
		}
	});

	law(
		'gives who joins between two publishes of one turn exactly the second, and who leaves between them exactly the first',
		async (server) => {
			const { client, topics } = await joined(server, ['batch']);
			const topic = `between-${client.welcome!.sessionId}${topics.length}`;
			client.run(
				{ do: 'publish', topic, data: 1 },
				{ do: 'join', topic },
				{ do: 'publish', topic, data: 2 },
				{ do: 'leave', topic },
				{ do: 'publish', topic, data: 3 }
			);
			expect((await client.heard()).map((frame) => [frame.topic === topic ? 'event' : frame.event, frame.data])).toEqual([
				['join', true],
				['event', 2],
				['leave', true]
			]);
		}
	);

	law('stops after an unsubscribe, which may come twice', async (server) => {
		const { client, topics } = await joined(server, undefined, 'stop');
		client.say(
			{ type: 'unsubscribe', topic: topics[0] },
			{ type: 'unsubscribe', topic: topics[0] },
			{ type: 'unsubscribe', topic: 'never held' }
		);
		client.run({ do: 'publish', topic: topics[0] }, { do: 'subscribers', topic: topics[0] });
		expect((await client.heard()).map(({ topic, data }) => [topic, data])).toEqual([['answer', 0]]);
	});

	law('takes the capabilities of the latest hello, from its place on', async (server) => {
		const { client, topics } = await joined(server, ['epoch'], 'hello');
		const publish = {
			steps: [
				{ do: 'publish', topic: topics[0] },
				{ do: 'publish', topic: topics[0] }
			]
		};
		client.say(publish, { type: 'hello', caps: ['batch', 7, null] }, publish, { type: 'hello', caps: [] }, publish);
		const frames = await client.heard();
		expect(frames.map((frame) => frame.type ?? (frame.ep ? 'epoch' : 'plain'))).toEqual([
			'epoch',
			'epoch',
			'batch',
			'plain',
			'plain'
		]);
		expect(frames.flatMap((frame): number[] => frame.events?.map(({ seq }: { seq: number }) => seq) ?? [frame.seq])).toEqual([
			1, 2, 3, 4, 5, 6
		]);
	});

	law('refuses names and data that cannot travel, without a number lost', async (server) => {
		const { client, topics } = await joined(server, undefined, 'bad');
		client.run(
			{ do: 'publish', topic: 'a\nb' },
			{ do: 'publish', topic: topics[0], event: 'a"b' },
			{ do: 'publish', topic: topics[0] }
		);
		expect((await client.heard()).map(({ data, seq }) => [data, seq])).toEqual([
			['TypeError', undefined],
			['TypeError', undefined],
			[null, 1]
		]);
	});

	law('asks the gate without joining', async (server) => {
		const { client } = await joined(server, undefined);
		client.run({ do: 'ask', topic: 'false:ask' });
		expect(await client.next()).toMatchObject({ event: 'ask', data: 'FORBIDDEN' });
		client.run({ do: 'ask', topic: 'free:ask' });
		expect(await client.next()).toMatchObject({ event: 'ask', data: null });
		client.run({ do: 'publish', topic: 'free:ask' });
		expect(await client.heard()).toEqual([]);
	});
}
