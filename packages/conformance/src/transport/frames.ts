import type { Frame } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { pattern } from '../http/fixture.ts';
import type { TransportLaw } from './fixture.ts';
import { soon, start, type Client } from './server.ts';

/** Around every length that a frame's head is written differently for. */
const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000];

const TOPICS = [
	'',
	' ',
	'a',
	'A',
	'a/b',
	'a/#',
	'a/+',
	'#',
	'+',
	'*',
	'**',
	':a',
	'a,b',
	'a:b',
	'\0',
	'\0\0',
	'a\0',
	'a\0b',
	'\n',
	'é',
	'e\u0301',
	'\u{1f600}',
	'__proto__',
	'constructor',
	'undefined',
	'x'.repeat(10_000),
	`${'x'.repeat(10_000)}y`
];

const digest = (frame: Frame): string =>
	typeof frame === 'string'
		? `text ${frame.length} ${frame.slice(0, 20)}`
		: `bytes ${frame.length} ${Buffer.from(frame).equals(pattern(frame.length))}`;

export function frameLaws(law: TransportLaw): void {
	law('carries text and bytes of every size both ways, in order', async (fixture) => {
		const server = await start(fixture, { message: (side, frame) => void side.socket.send(frame) });
		const { client, side } = await server.join();
		const frames: Frame[] = SIZES.flatMap((size) => [pattern(size), 'x'.repeat(size)]);
		frames.push('ü€\u{1f600}\0', new Uint8Array([0, 255, 128]).fill(7));
		const expected = frames.map(digest);
		for (const frame of frames) client.peer.send(frame);
		await soon(() => client.frames.length).toBe(frames.length);
		expect(side.messages.map(digest)).toEqual(expected);
		expect(client.frames.map(digest)).toEqual(expected);
		expect(client.frames.at(-2)).toBe('ü€\u{1f600}\0');
	});

	law('hands on bytes that stay as they came, whatever comes later', async (fixture) => {
		const server = await start(fixture);
		const { client, side } = await server.join();
		for (let n = 0; n < 200; n++) client.peer.send(new Uint8Array(1_000).fill(n));
		client.peer.close();
		await soon(() => side.ends.length).toBe(1);
		expect(side.messages).toHaveLength(200);
		for (const [n, frame] of side.messages.entries()) {
			expect(frame).toBeInstanceOf(Uint8Array);
			expect(Buffer.from(frame as Uint8Array).equals(new Uint8Array(1_000).fill(n))).toBe(true);
			// A view of a larger block would keep all of it.
			expect((frame as Uint8Array).buffer.byteLength).toBe(1_000);
		}
	});

	law('sends and publishes bytes as they are at the call', async (fixture) => {
		const server = await start(fixture, { open: ({ socket }) => socket.subscribe('t') });
		const { client, side } = await server.join();
		const block = new Uint8Array(64);
		const bytes = block.subarray(8, 24);
		side.socket.send(bytes.fill(1));
		server.listener.publish('t', bytes.fill(2));
		side.socket.cork(() => {
			side.socket.send(bytes.fill(3));
			server.listener.publish('t', bytes.fill(4));
			bytes.fill(5);
		});
		await soon(() => client.frames.map((frame) => [...new Uint8Array(frame as Uint8Array)])).toEqual(
			[1, 2, 3, 4].map((n) => Array.from({ length: 16 }, () => n))
		);
	});

	law('sends text that is not well formed as text that is', async (fixture) => {
		const server = await start(fixture, { open: ({ socket }) => socket.subscribe('t') });
		const { client, side } = await server.join();
		side.socket.send('a\ud800b');
		server.listener.publish('t', '\udc00');
		await soon(() => client.frames).toEqual(['a\ufffdb', '\ufffd']);
	});

	law('sends what is sent while a socket opens before everything else', async (fixture) => {
		const server = await start(fixture, {
			open({ socket }) {
				socket.send('1');
				socket.subscribe('t');
				server.listener.publish('t', '2');
				socket.cork(() => void socket.send('3'));
			}
		});
		const { client, side } = await server.join();
		side.socket.send('4');
		await soon(() => client.frames).toEqual(['1', '2', '3', '4']);
	});

	law('says that a frame was sent to a peer that reads', async (fixture) => {
		const { side } = await (await start(fixture)).join();
		expect(side.socket.send('a')).toBe('sent');
		side.socket.cork(() => expect(side.socket.send('b')).toBe('sent'));
	});

	law('runs what is corked once, at once, and lets its error out', async (fixture) => {
		const { client, side } = await (await start(fixture)).join();
		const { socket } = side;
		const failure = new Error('from inside');
		let runs = 0;
		expect(() =>
			socket.cork(() => {
				runs++;
				socket.send('1');
				throw failure;
			})
		).toThrow(failure);
		socket.cork(() => socket.cork(() => void socket.send('2')));
		socket.send('3');
		expect(runs).toBe(1);
		await soon(() => client.frames).toEqual(['1', '2', '3']);
	});

	law('keeps what is sent to one socket apart from what is corked for another', async (fixture) => {
		const server = await start(fixture);
		const [a, b] = [await server.join(), await server.join()];
		a.side.socket.cork(() => {
			a.side.socket.send('a1');
			b.side.socket.send('b1');
			b.side.socket.cork(() => {
				a.side.socket.send('a2');
				b.side.socket.send('b2');
			});
			a.side.socket.send('a3');
			b.side.socket.send('b3');
		});
		await soon(() => [a.client.frames, b.client.frames]).toEqual([
			['a1', 'a2', 'a3'],
			['b1', 'b2', 'b3']
		]);
	});

	orderLaws(law);
	topicLaws(law);
}

function orderLaws(law: TransportLaw): void {
	/** Two topics and two sockets in turns, more than an engine gathers into one batch. */
	const COUNT = 120;
	for (const place of [
		'on its own account',
		'in a cork',
		'in the cork of another socket',
		'while a message is handled'
	] as const) {
		law(`keeps the order of what it sends and publishes ${place}`, async (fixture) => {
			let onMessage = (): void => {};
			const server = await start(fixture, { message: () => onMessage() });
			const [a, b] = [await server.join(), await server.join()];
			for (const topic of ['t', 'u']) for (const { side } of [a, b]) side.socket.subscribe(topic);
			const expected: [string[], string[]] = [[], []];
			const run = (): void => {
				for (let n = 0; n < COUNT; n++) {
					const frame = String(n);
					if (n % 5 === 0) {
						a.side.socket.send(frame);
						expected[0].push(frame);
					} else if (n % 7 === 0) {
						b.side.socket.cork(() => void b.side.socket.send(frame));
						expected[1].push(frame);
					} else {
						server.listener.publish(n % 2 ? 't' : 'u', frame);
						for (const list of expected) list.push(frame);
					}
				}
			};
			if (place === 'on its own account') run();
			else if (place === 'in a cork') a.side.socket.cork(run);
			else if (place === 'in the cork of another socket') (await server.join()).side.socket.cork(run);
			else {
				onMessage = run;
				a.client.peer.send('go');
			}
			await soon(() => expected[0].length).toBeGreaterThan(0);
			for (const { side } of [a, b]) side.socket.send('end');
			await soon(() => [a.client.frames.at(-1), b.client.frames.at(-1)]).toEqual(['end', 'end']);
			expect([a.client.frames, b.client.frames]).toEqual(expected.map((frames) => [...frames, 'end']));
		});

		law(`gives who subscribes between two publishes the second alone, and who leaves the first, ${place}`, async (fixture) => {
			let onMessage = (): void => {};
			const server = await start(fixture, { message: () => onMessage() });
			const { client, side } = await server.join();
			const other = await server.join();
			const run = (): void => {
				server.listener.publish('t', '1');
				side.socket.subscribe('t');
				server.listener.publish('t', '2');
				side.socket.unsubscribe('t');
				server.listener.publish('t', '3');
				side.socket.subscribe('t');
				side.socket.subscribe('t');
				server.listener.publish('t', '4');
				side.socket.unsubscribe('t');
				side.socket.unsubscribe('u');
				server.listener.publish('t', '5');
				side.socket.send('6');
			};
			if (place === 'on its own account') run();
			else if (place === 'in a cork') side.socket.cork(run);
			else if (place === 'in the cork of another socket') other.side.socket.cork(run);
			else {
				onMessage = run;
				client.peer.send('go');
			}
			await soon(() => client.frames.at(-1)).toBe('6');
			expect(client.frames).toEqual(['2', '4', '6']);
		});
	}
}

function topicLaws(law: TransportLaw): void {
	law('publishes to those who subscribed, to each once, and to nobody else', async (fixture) => {
		const server = await start(fixture);
		const [a, b, c] = [await server.join(), await server.join(), await server.join()];
		for (const topic of ['t', 'u']) a.side.socket.subscribe(topic);
		b.side.socket.subscribe('u');
		server.listener.publish('t', 't1');
		server.listener.publish('u', new Uint8Array([117, 1]));
		server.listener.publish('nobody', 'lost');
		for (const { side } of [a, b, c]) side.socket.send('end');
		const heard = ({ frames }: Client): readonly Frame[] => frames;
		await soon(() => [a, b, c].map(({ client }) => heard(client))).toEqual([
			['t1', new Uint8Array([117, 1]), 'end'],
			[new Uint8Array([117, 1]), 'end'],
			['end']
		]);
	});

	law('publishes what comes in, to the one who sent it as well', async (fixture) => {
		const server = await start(fixture, {
			open: ({ socket }) => socket.subscribe('t'),
			message: (_, frame) => server.listener.publish('t', frame)
		});
		const [a, b] = [await server.join(), await server.join()];
		const texts = Array.from({ length: 100 }, (_, n) => `${n}`);
		for (const text of texts) a.client.peer.send(text);
		await soon(() => [a.client.frames, b.client.frames]).toEqual([texts, texts]);
	});

	law('tells any two topics apart', async (fixture) => {
		const server = await start(fixture);
		const ends: Awaited<ReturnType<typeof server.join>>[] = [];
		for (const topic of TOPICS) {
			const end = await server.join();
			end.side.socket.subscribe(topic);
			ends.push(end);
		}
		for (const [index, topic] of TOPICS.entries()) server.listener.publish(topic, String(index));
		for (const { side } of ends) side.socket.send('end');
		await soon(() => ends.map(({ client }) => client.frames.at(-1))).toEqual(ends.map(() => 'end'));
		for (const [index, { client }] of ends.entries()) expect(client.frames).toEqual([String(index), 'end']);
		for (const [index, topic] of TOPICS.entries()) ends[index]!.side.socket.unsubscribe(topic);
		for (const topic of TOPICS) server.listener.publish(topic, 'late');
		for (const { side } of ends) side.socket.send('end 2');
		await soon(() => ends.map(({ client }) => client.frames.at(-1))).toEqual(ends.map(() => 'end 2'));
		for (const { client } of ends) expect(client.frames).toHaveLength(3);
	});

	law('tells topics apart that are not well formed', async (fixture) => {
		const server = await start(fixture);
		const { client, side } = await server.join();
		side.socket.subscribe('\ud800');
		server.listener.publish('\ud801', 'another');
		server.listener.publish('\ufffd', 'another');
		server.listener.publish('\ud800', 'mine');
		await soon(() => client.frames.at(-1)).toBe('mine');
		expect(client.frames).toEqual(['mine']);
	});
}
