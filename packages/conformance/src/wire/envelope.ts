import { expect } from 'vitest';
import { defineSuite } from '../suite.ts';
import { connect, Refused, type WireServer, type WireSubject } from './client.ts';
import { defineEventLaws } from './envelope-events.ts';
import { defineRequestLaws } from './envelope-requests.ts';

const yes = (topic: string, ref: unknown) => ({ type: 'subscribed', topic, ref });
const no = (topic: unknown, reason: string, ref: unknown) => ({ type: 'subscribe-denied', topic, ref, reason });

/** What docs/protocol/envelope.md, control.md and close-codes.md promise, checked from outside. */
export const envelopeSuite: (subject: WireSubject) => void = defineSuite<WireServer>('wire envelope', (law) => {
	law('welcomes every connection first, with a session of its own', async (server) => {
		const [a, b] = [await connect(server), await connect(server)];
		expect(Object.keys(a.welcome!).slice(0, 2)).toEqual(['type', 'sessionId']);
		expect(a.welcome).toMatchObject({
			type: 'welcome',
			sessionId: expect.any(String),
			caps: expect.arrayContaining(['ping', 'epoch']),
			ep: expect.any(String),
			maxPayloadLength: 16_384
		});
		expect(b.welcome!.ep).toBe(a.welcome!.ep);
		expect(b.welcome!.sessionId).not.toBe(a.welcome!.sessionId);
		expect(await a.heard()).toEqual([]);
	});

	law('refuses a foreign origin, and takes its own and none', async (server) => {
		for (const origin of ['https://evil.example', 'null', `${server.origin}.evil.example`, 'not a url']) {
			await expect(connect(server, '', { origin })).rejects.toMatchObject({ status: 403 });
		}
		await connect(server);
		await connect(server, '', {});
	});

	law('refuses with 401 when the hook says no and with 500, without a reason, when it fails', async (server) => {
		await expect(connect(server, '?deny')).rejects.toMatchObject({ status: 401 });
		for (const query of ['?throw', '?reject']) {
			const refusal: unknown = await connect(server, query).catch((error: unknown) => error);
			expect(refusal).toBeInstanceOf(Refused);
			expect((refusal as Refused).status).toBe(500);
			expect((refusal as Refused).message).not.toContain('asked to');
		}
	});

	law('answers a ping with a pong', async (server) => {
		const client = await connect(server);
		client.say({ type: 'ping' });
		expect(await client.nextRaw()).toBe('{"type":"pong"}');
	});

	law('acknowledges a subscribe with its ref, and keeps silent without one', async (server) => {
		const client = await connect(server);
		client.say(
			{ type: 'subscribe', topic: 'ack-a', ref: 1 },
			{ type: 'subscribe', topic: 'ack-b', ref: 'x' },
			{ type: 'subscribe', topic: 'ack-c' },
			{ type: 'subscribe', topic: 'ack-d', ref: {} }
		);
		expect(await client.heard()).toEqual([yes('ack-a', 1), yes('ack-b', 'x')]);
		client.run({ do: 'publish', topic: 'ack-c' }, { do: 'publish', topic: 'ack-d' });
		expect((await client.heard()).map(({ topic }) => topic)).toEqual(['ack-c', 'ack-d']);
	});

	law('denies with the reason', async (server) => {
		const client = await connect(server);
		const cases: [string, string][] = [
			['', 'INVALID_TOPIC'],
			['x'.repeat(257), 'INVALID_TOPIC'],
			['a\nb', 'INVALID_TOPIC'],
			['a"b', 'INVALID_TOPIC'],
			['é', 'INVALID_TOPIC'],
			['__rpc', 'INVALID_TOPIC'],
			['false:a', 'FORBIDDEN'],
			['later-false:a', 'FORBIDDEN'],
			['text:UNAUTHENTICATED:a', 'UNAUTHENTICATED'],
			['throw:a', 'INTERNAL_ERROR'],
			['reject:a', 'INTERNAL_ERROR']
		];
		cases.forEach(([topic], ref) => client.say({ type: 'subscribe', topic, ref }));
		expect(await client.heard()).toEqual(cases.map(([topic, reason], ref) => no(topic, reason, ref)));
	});

	law('lets no event of a denied topic through', async (server) => {
		const client = await connect(server);
		client.say({ type: 'subscribe-batch', topics: ['false:gate', 'reject:gate', 'open:gate'] });
		client.run(
			{ do: 'publish', topic: 'false:gate' },
			{ do: 'publish', topic: 'reject:gate' },
			{ do: 'publish', topic: 'open:gate' },
			{ do: 'subscribers', topic: 'false:gate' }
		);
		expect((await client.heard()).map(({ topic, data }) => [topic, data])).toEqual([
			['open:gate', null],
			['answer', 0]
		]);
	});

	law('answers a batch: invalid ones first, then the rest in order, each with the ref', async (server) => {
		const client = await connect(server);
		client.say({ type: 'subscribe-batch', topics: ['batch-a', '__x', 7, 'false:b', null, 'batch-c'], ref: 8 });
		expect(await client.heard()).toEqual([
			no('__x', 'INVALID_TOPIC', 8),
			no(7, 'INVALID_TOPIC', 8),
			no(null, 'INVALID_TOPIC', 8),
			yes('batch-a', 8),
			no('false:b', 'FORBIDDEN', 8),
			yes('batch-c', 8)
		]);
	});

	law('reads 256 topics of a batch and leaves the rest unanswered', async (server) => {
		const client = await connect(server);
		client.say({ type: 'subscribe-batch', topics: Array.from({ length: 300 }, (_, i) => `many-${i}`), ref: 4 });
		expect(await client.heard()).toHaveLength(256);
	});

	law('hands everything that is no control frame to the application, as it came', async (server) => {
		const client = await connect(server);
		const long = (bytes: number) => `{"type":"subscribe","topic":"${'a'.repeat(bytes - 31)}"}`;
		const texts = [
			'{ "type":"subscribe","topic":"a","ref":3}',
			'{"topic":"a","type":"subscribe"}',
			'{"type":"subscribe","topic":7}',
			'{"type":"subscribe-batch","topics":"a"}',
			'{"type":"hello","caps":"batch"}',
			'{"type":"resume","sessionId":"s"}',
			'{"type":"reply","data":1}',
			'{"type":"unknown"}',
			'{"type":',
			'null',
			'7',
			'"text"',
			'[]',
			'',
			'grüße 😀',
			long(8_192)
		];
		client.say(...texts);
		expect((await client.heard()).map(({ echo }) => echo)).toEqual(texts);
		client.say(long(8_191));
		expect(await client.heard()).toEqual([]);
	});

	law('hands bytes to the application, and brings bytes back', async (server) => {
		const client = await connect(server);
		for (const bytes of [new Uint8Array(), new TextEncoder().encode('{"type":"ping"}'), new Uint8Array([0, 255, 1])]) {
			client.say(bytes);
			expect(await client.nextRaw()).toEqual(bytes);
		}
	});

	law('acknowledges a resume after what its hook sends, known or unknown, failed or not', async (server) => {
		const client = await connect(server);
		client.say({ type: 'resume', sessionId: 'old', lastSeenSeqs: { a: 41, b: -1, c: '1', d: 1.5 }, eps: { a: 'e1' } });
		expect(await client.heard()).toEqual([
			{
				topic: 'resume',
				event: 'seen',
				data: { sessionId: 'old', lastSeen: [['a', { epoch: 'e1', seq: 41 }]], lastSeenSeqs: { a: 41 } }
			},
			{ type: 'resumed' }
		]);
		client.say({ type: 'resume', sessionId: 'fail', lastSeenSeqs: {} });
		expect(await client.heard()).toEqual([{ type: 'resumed' }]);
	});

	law('handles the frames of one connection in order while a hook decides, and does not hold up others', async (server) => {
		const [client, other] = [await connect(server), await connect(server)];
		const topic = `slow:order-${client.welcome!.sessionId}`;
		client.say({ type: 'subscribe', topic, ref: 1 }, { type: 'unsubscribe', topic }, 'after', {
			steps: [{ do: 'subscribers', topic }]
		});
		await expect.poll(async () => (other.run({ do: 'deciding', topic }), (await other.next()).data)).toBe(true);
		other.run({ do: 'allow', topic });
		expect(await client.heard()).toEqual([yes(topic, 1), { echo: 'after' }, { topic: 'answer', event: 'subscribers', data: 0 }]);
	});

	law('survives a client that leaves while a hook decides', async (server) => {
		const [client, other] = [await connect(server), await connect(server)];
		const topic = `slow:leave-${client.welcome!.sessionId}`;
		client.say({ type: 'subscribe', topic, ref: 1 });
		await expect.poll(async () => (other.run({ do: 'deciding', topic }), (await other.next()).data)).toBe(true);
		client.drop();
		await expect
			.poll(async () => (other.run({ do: 'closed', id: client.welcome!.sessionId }), (await other.next()).data))
			.not.toBeNull();
		other.run({ do: 'allow', topic }, { do: 'subscribers', topic });
		expect((await other.heard()).map(({ event, data }) => [event, data])).toEqual([
			['allow', true],
			['subscribers', 0]
		]);
	});

	law('keeps a connection usable when its message hook fails', async (server) => {
		const client = await connect(server);
		client.run({ do: 'fail', how: 'throw' });
		client.run({ do: 'fail', how: 'reject' });
		client.say('still here');
		expect(await client.heard()).toEqual([{ echo: 'still here' }]);
	});

	law('closes with the code and reason that the application gives', async (server) => {
		for (const [code, reason] of [
			[4401, 'signed out'],
			[1008, ''],
			[1000, 'grüße']
		] as const) {
			const client = await connect(server);
			client.run({ do: 'send', topic: 'direct', event: 'last' }, { do: 'close', code, reason });
			expect(await client.next()).toMatchObject({ event: 'last' });
			expect(await client.closed).toEqual({ code, reason });
		}
	});

	law('tells the close hook what the connection was', async (server) => {
		const [client, other] = [await connect(server), await connect(server)];
		const { sessionId } = client.welcome!;
		const frame = '{"type":"subscribe","topic":"closing","ref":"é"}';
		client.say(frame, 'é');
		expect(await client.next()).toMatchObject({ type: 'subscribed' });
		expect(await client.next()).toEqual({ echo: 'é' });
		client.close(4000);
		let remembered: unknown;
		await expect
			.poll(async () => (other.run({ do: 'closed', id: sessionId }), (remembered = (await other.next()).data)))
			.not.toBeNull();
		expect(remembered).toEqual({
			code: 4000,
			id: sessionId,
			subscriptions: ['closing'],
			messagesIn: 2,
			bytesIn: frame.length + 1 + 2,
			messagesOut: 3,
			reason: ''
		});
		other.run({ do: 'subscribers', topic: 'closing' });
		expect(await other.next()).toMatchObject({ data: 0 });
	});

	law('takes a frame of the announced size, and ends only the connection that sends a larger one', async (server) => {
		const [client, other] = [await connect(server), await connect(server)];
		const largest = 'x'.repeat(client.welcome!.maxPayloadLength);
		client.say(largest);
		expect(await client.next()).toEqual({ echo: largest });
		client.say(`${largest}x`);
		expect([1006, 1009]).toContain((await client.closed).code);
		expect(await other.heard()).toEqual([]);
	});

	defineEventLaws(law);
	defineRequestLaws(law);
});
