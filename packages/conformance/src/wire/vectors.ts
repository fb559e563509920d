import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { ask } from './ask.ts';
import { connect, type WireClient, type WireServer, type WireSubject } from './client.ts';

const yes = (topic: string, ref: unknown) => ({ type: 'subscribed', topic, ref });
const no = (topic: string, reason: string, ref: unknown) => ({ type: 'subscribe-denied', topic, ref, reason });

/** A client that has said these frames. */
async function saying(server: WireServer, ...frames: readonly (string | Uint8Array)[]): Promise<WireClient> {
	const client = await connect(server);
	client.say(...frames);
	return client;
}

/** The conformance vectors of frames and events, by their numbers, against a server of `wireHooks()`. */
export const vectorSuite: (subject: WireSubject) => void = defineSuite<WireServer>('wire vectors', (law) => {
	law('vector 1: a subscribe with a ref is acknowledged', async (server) => {
		const client = await saying(server, '{"type":"subscribe","topic":"a","ref":1}');
		expect(await client.nextRaw()).toBe('{"type":"subscribed","topic":"a","ref":1}');
	});

	law('vector 2: a subscribe without a ref joins in silence', async (server) => {
		const client = await saying(server, '{"type":"subscribe","topic":"vector-2"}');
		expect(await client.heard()).toEqual([]);
		client.run({ do: 'publish', topic: 'vector-2' });
		expect(await client.heard()).toMatchObject([{ topic: 'vector-2' }]);
	});

	law('vector 3: a topic of the framework is denied', async (server) => {
		const client = await saying(server, '{"type":"subscribe","topic":"__rpc","ref":2}');
		expect(await client.heard()).toEqual([no('__rpc', 'INVALID_TOPIC', 2)]);
	});

	law('vector 4: a topic beyond ASCII is denied, with a ref that is text', async (server) => {
		const client = await saying(server, '{"type":"subscribe","topic":"é","ref":"x"}');
		expect(await client.heard()).toEqual([no('é', 'INVALID_TOPIC', 'x')]);
	});

	law('vector 5: white space makes it a frame of the application', async (server) => {
		const frame = '{ "type":"subscribe","topic":"a","ref":3}';
		expect(await (await saying(server, frame)).heard()).toEqual([{ echo: frame }]);
	});

	law('vector 6: another first key makes it a frame of the application', async (server) => {
		const frame = '{"topic":"a","type":"subscribe"}';
		expect(await (await saying(server, frame)).heard()).toEqual([{ echo: frame }]);
	});

	law('vector 7: a batch of 300 topics gets 256 acks', async (server) => {
		const topics = Array.from({ length: 300 }, (_, i) => `v7-${i}`);
		const client = await saying(server, JSON.stringify({ type: 'subscribe-batch', topics, ref: 4 }));
		expect(await client.heard()).toEqual(topics.slice(0, 256).map((topic) => yes(topic, 4)));
	});

	law('vector 8: a subscribe-batch of 8,192 bytes is a frame of the application', async (server) => {
		const frame = (bytes: number): string => {
			const empty = '{"type":"subscribe-batch","topics":["v8",""],"ref":5}';
			return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
		};
		expect(frame(8_192)).toHaveLength(8_192);
		expect(await (await saying(server, frame(8_192))).heard()).toEqual([{ echo: frame(8_192) }]);
		expect(await (await saying(server, frame(8_191))).heard()).toMatchObject([{ type: 'subscribe-denied' }, yes('v8', 5)]);
	});

	law('vector 9: a hook that answers no later on denies', async (server) => {
		const client = await saying(server, '{"type":"subscribe","topic":"later-false:a","ref":1}');
		expect(await client.heard()).toEqual([no('later-false:a', 'FORBIDDEN', 1)]);
	});

	law('vector 10: a hook that rejects denies', async (server) => {
		const client = await saying(server, '{"type":"subscribe","topic":"reject:a","ref":1}');
		expect(await client.heard()).toEqual([no('reject:a', 'INTERNAL_ERROR', 1)]);
	});

	law('vector 11: a resume of an unknown session is acknowledged', async (server) => {
		const client = await saying(server, '{"type":"resume","sessionId":"zzz","lastSeenSeqs":{}}');
		expect((await client.heard()).at(-1)).toEqual({ type: 'resumed' });
	});

	law('vector 12: a reply that nobody waits for does nothing', async (server) => {
		const client = await saying(server, '{"type":"reply","ref":999,"data":1}');
		expect(await client.heard()).toEqual([]);
	});

	law('vector 25: two publishes are numbered 1 and 2', async (server) => {
		const client = await saying(server, '{"type":"subscribe","topic":"vector-25"}');
		client.run({ do: 'publish', topic: 'vector-25' }, { do: 'publish', topic: 'vector-25' });
		expect((await client.heard()).map(({ seq }) => seq)).toEqual([1, 2]);
	});

	law('vector 26: a publish that opts out has no number, and takes none', async (server) => {
		const topic = 'vector-26';
		const client = await saying(server, `{"type":"subscribe","topic":"${topic}"}`);
		client.run({ do: 'publish', topic }, { do: 'publish', topic, options: { seq: false } }, { do: 'publish', topic });
		const frames = await client.heard();
		expect(frames.map(({ seq }) => seq)).toEqual([1, undefined, 2]);
		expect(Object.keys(frames[1])).toEqual(['topic', 'event', 'data']);
	});

	law('vector 27: two events published together are one frame with the capability, and two without', async (server) => {
		const subscribe = '{"type":"subscribe-batch","topics":["v27-a","v27-b"]}';
		const single = await saying(server, subscribe);
		const batch = await saying(server, '{"type":"hello","caps":["batch"]}', subscribe);
		expect([await single.heard(), await batch.heard()]).toEqual([[], []]);
		const messages = ['v27-a', 'v27-b'].map((topic) => ({ topic, event: 'e', data: topic }));
		single.run({ do: 'publishBatched', messages });
		const two = await single.heard();
		expect(two).toEqual(messages.map((message) => ({ ...message, seq: 1 })));
		expect(await batch.heard()).toEqual([{ type: 'batch', events: two }]);
	});
});

/** The conformance vectors of calls, streams and uploads, by their numbers, against a server of `wire/live.ts` and `wireHooks()`. */
export const rpcVectorSuite: (subject: Subject<WireServer>) => void = defineSuite<WireServer>('rpc vectors', (law) => {
	const code = async (server: WireServer, request: Record<string, unknown>): Promise<unknown> =>
		(await ask(await connect(server), request)).reply.code;
	const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

	law('vector 13: a path of one segment is an invalid request', async (server) => {
		expect(await code(server, { rpc: 'x', id: '1' })).toBe('INVALID_REQUEST');
	});

	law('vector 14: an id that is no text makes it a frame of the application', async (server) => {
		const frame = '{"rpc":"wire/echo","id":1}';
		expect(await (await saying(server, frame)).heard()).toEqual([{ echo: frame }]);
	});

	law('vector 15: arguments that are no list are an invalid request', async (server) => {
		expect(await code(server, { rpc: 'wire/echo', id: '1', args: {} })).toBe('INVALID_REQUEST');
	});

	law('vector 16: a name that nobody exports is not found', async (server) => {
		expect(await code(server, { rpc: 'wire/none', id: '1' })).toBe('NOT_FOUND');
	});

	law('vector 17: a call without an id runs, and is not answered', async (server) => {
		const client = await saying(server, '{"type":"subscribe","topic":"vector-17"}');
		client.say('{"rpc":"wire/tell","args":["vector-17","ran",1]}');
		expect(await client.heard()).toEqual([{ topic: 'vector-17', event: 'ran', data: 1, seq: 1 }]);
	});

	law('vector 18: an empty batch is answered with an empty one', async (server) => {
		const client = await saying(server, '{"batch":[]}');
		expect(await client.heard()).toEqual([{ topic: '__rpc', event: '__batch', data: { batch: [] } }]);
	});

	law('vector 19: a batch of 51 is refused, and nothing of it runs', async (server) => {
		const client = await saying(server, '{"type":"subscribe","topic":"vector-19"}');
		const call = (_: unknown, i: number) => ({ rpc: 'wire/tell', id: String(i), args: ['vector-19', 'ran', i] });
		client.say({ batch: Array.from({ length: 51 }, call) });
		const frames = await client.heard();
		expect(frames).toMatchObject([{ topic: '__rpc', event: '__batch' }]);
		expect(frames[0].data.batch).toHaveLength(51);
		expect(new Set(frames[0].data.batch.map((entry: any) => entry.code))).toEqual(new Set(['INVALID_REQUEST']));
	});

	law('vector 20: bytes 00 00 00 are no call, and are not answered', async (server) => {
		const client = await saying(server, hex('00 00 00'));
		expect(await client.nextRaw()).toEqual(hex('00 00 00'));
		expect(await client.heard()).toEqual([]);
	});

	law('vector 21: a first part of an upload without a header is no upload, and is not answered', async (server) => {
		const part = hex('01 00 00 00 00 2a 00 00 00 00 41');
		const client = await saying(server, part);
		expect(await client.nextRaw()).toEqual(part);
		expect(await client.heard()).toEqual([]);
	});

	law('vector 22: a part too many in between is an invalid request', async (server) => {
		const header = Buffer.from('{"rpc":"wire/upload"}');
		const first = Buffer.concat([hex('01 01 00 00 00 2a 00 00 00 00 00'), Uint8Array.of(header.length), header]);
		const client = await saying(server, new Uint8Array(first), hex('01 00 00 00 00 2a 00 00 00 02 41'));
		expect(await client.next()).toMatchObject({
			topic: '__upload',
			event: '0000002a',
			data: { ok: false, code: 'INVALID_REQUEST' }
		});
	});

	law('vector 23: cancelling an upload that nobody knows does nothing', async (server) => {
		const client = await saying(server, hex('02 10 00 00 00 2b'));
		expect(await client.heard()).toEqual([]);
	});

	law('vector 24: the path of a stream in a plain call is an invalid request', async (server) => {
		expect(await code(server, { rpc: 'wire/list', id: '1' })).toBe('INVALID_REQUEST');
	});
});
