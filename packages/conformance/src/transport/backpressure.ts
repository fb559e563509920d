import { randomBytes } from 'node:crypto';
import type { Frame, SendStatus } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import type { TcpLaw } from './fixture.ts';
import { overTcp } from './tcp.ts';
import { soon, start, type Client, type Side } from './server.ts';

const SIZE = 65_536;
const BUFFER = 1_048_576;
/** More than the system's buffers and the socket's own can hold together. */
const MOST = 4_000;

/** A frame that says which one it is. */
const numbered = (n: number, size = SIZE): string => String(n).padEnd(size, '.');
const number = (frame: Frame): number => Number.parseInt(frame as string, 10);

/** Fills the buffers of a peer that does not read. Gives what became of each frame, the first dropped one last. */
function fill({ socket }: Side): SendStatus[] {
	const statuses: SendStatus[] = [];
	while (statuses.at(-1) !== 'dropped' && statuses.length < MOST) statuses.push(socket.send(numbered(statuses.length)));
	return statuses;
}

/** Fills turn by turn, until nothing more gets out of the buffer. */
async function stall(
	side: Side,
	size = SIZE
): Promise<{ readonly kept: readonly number[]; readonly statuses: ReadonlySet<SendStatus> }> {
	const kept: number[] = [];
	const statuses = new Set<SendStatus>();
	let isFull = 0;
	for (let n = 0; n < MOST && isFull < 20; n++) {
		const status = side.socket.send(numbered(n, size));
		statuses.add(status);
		if (status === 'dropped') isFull++;
		else {
			isFull = 0;
			kept.push(n);
		}
		await new Promise<void>((resolve) => void setImmediate(resolve));
	}
	return { kept, statuses };
}

export function backpressureLaws(law: TcpLaw): void {
	const options = { maxBackpressure: BUFFER };

	law('queues what a peer does not read, then drops what does not fit, and says so', async (fixture) => {
		const server = await start(fixture, { options });
		const { client, side } = await server.join();
		client.peer.pause();
		const statuses = fill(side);
		expect(statuses.at(-1)).toBe('dropped');
		expect(statuses).toContain('queued');
		expect(side.socket.bufferedAmount).toBeGreaterThan(BUFFER - SIZE);
		expect(side.socket.bufferedAmount).toBeLessThan(BUFFER + 2 * SIZE);
		expect(side.ends).toEqual([]);
		client.peer.drop();
		await soon(() => side.ends).toEqual([[1006, '']]);
		expect(side.socket.bufferedAmount).toBe(0);
	});

	law('delivers what was not dropped, in order, tells of the drain, and goes on', async (fixture) => {
		const server = await start(fixture, { options });
		const { client, side } = await server.join();
		client.peer.pause();
		expect(side.socket.congested).toBe(false);
		const { kept, statuses } = await stall(side);
		expect([...statuses]).toContain('dropped');
		expect(side.socket.congested).toBe(true);
		client.peer.resume();
		await soon(() => client.frames.length).toBe(kept.length);
		expect(client.frames.map(number)).toEqual(kept);
		await soon(() => [side.drains > 0, side.socket.bufferedAmount, side.socket.congested]).toEqual([true, 0, false]);
		expect(side.socket.send('again')).toBe('sent');
		await soon(() => client.frames.at(-1)).toBe('again');
	});

	law('tells of room after it has dropped something, however small the buffer is', async (fixture) => {
		const server = await start(fixture, { options: { maxBackpressure: 4_096 } });
		const { client, side } = await server.join();
		client.peer.pause();
		const { kept } = await stall(side, 8_192);
		const { drains } = side;
		expect([side.socket.send('no room'), side.socket.congested]).toEqual(['dropped', true]);
		client.peer.resume();
		await soon(() => [side.drains > drains, side.socket.congested]).toEqual([true, false]);
		expect(side.socket.send('room')).toBe('sent');
		await soon(() => client.frames.at(-1)).toBe('room');
		expect(client.frames.slice(0, -1).map(number)).toEqual(kept);
	});

	law('drops what is published to a full socket for that socket alone', async (fixture) => {
		const server = await start(fixture, { options, open: ({ socket }) => socket.subscribe('t') });
		const slow = await server.join();
		const fast = await server.join();
		slow.client.peer.pause();
		const { kept } = await stall(slow.side);
		for (let n = 0; n < 50; n++) server.listener.publish('t', numbered(MOST + n));
		fast.side.socket.send('end');
		await soon(() => fast.client.frames.at(-1)).toBe('end');
		expect(fast.client.frames.slice(0, -1).map(number)).toEqual(Array.from({ length: 50 }, (_, n) => MOST + n));
		slow.client.peer.resume();
		await soon(() => slow.side.socket.bufferedAmount).toBe(0);
		slow.side.socket.send('end');
		await soon(() => slow.client.frames.at(-1)).toBe('end');
		const heard = slow.client.frames.slice(0, -1).map(number);
		expect(heard.slice(0, kept.length)).toEqual(kept);
		expect(heard.length).toBeLessThan(kept.length + 50);
	});

	law('lets a socket be used and closed while it drains', async (fixture) => {
		const server = await start(fixture, {
			options,
			drain({ socket }) {
				socket.send('drained');
				socket.close(4001, 'enough');
			}
		});
		const { client, side } = await server.join();
		client.peer.pause();
		const { kept } = await stall(side);
		client.peer.resume();
		await soon(() => [side.ends, client.ends]).toEqual([[[4001, 'enough']], [[4001, 'enough']]]);
		expect(client.frames.at(-1)).toBe('drained');
		expect(client.frames.slice(0, -1).map(number)).toEqual(kept);
		expect(side.drains).toBe(1);
	});

	law('sends what is queued before it closes', async (fixture) => {
		const server = await start(fixture);
		const { client, side } = await server.join();
		client.peer.pause();
		const kept: number[] = [];
		while (side.socket.bufferedAmount < BUFFER) {
			side.socket.send(numbered(kept.push(kept.length) - 1));
			await new Promise<void>((resolve) => void setImmediate(resolve));
		}
		side.socket.close(4002);
		expect(side.ends).toEqual([[4002, '']]);
		client.peer.resume();
		await soon(() => client.ends).toEqual([[4002, '']]);
		expect(client.frames.map(number)).toEqual(kept);
	});

	law('closes a socket that is full with a close frame, after what is queued', async (fixture) => {
		const server = await start(fixture, { options, open: ({ socket }) => socket.subscribe('t') });
		const { client, side } = await server.join();
		client.peer.pause();
		const { kept } = await stall(side);
		const { drains } = side;
		side.socket.close(4002, 'too slow');
		expect(side.ends).toEqual([[4002, 'too slow']]);
		expect([side.socket.bufferedAmount, side.socket.send('late')]).toEqual([0, 'dropped']);
		side.socket.close(4003);
		client.peer.send('late');
		client.peer.resume();
		await soon(() => {
			server.listener.publish('t', 'late');
			return client.ends;
		}).toEqual([[4002, 'too slow']]);
		expect(client.frames.map(number)).toEqual(kept);
		await server.beat();
		expect([side.ends.length, side.messages, side.drains]).toEqual([1, [], drains]);
	});

	law('drops a full socket that is closing with everything else', async (fixture) => {
		const server = await start(fixture, { options });
		const [gone, stalled] = [await server.join(), await server.join()];
		for (const { client, side } of [gone, stalled]) {
			client.peer.pause();
			await stall(side);
			side.socket.close(4002);
		}
		gone.client.peer.drop();
		await server.beat();
		await server.listener[Symbol.asyncDispose]();
		stalled.client.peer.resume();
		await soon(() => stalled.client.ends).toEqual([[1006, '']]);
		expect(server.sides.map(({ ends }) => ends)).toEqual([[[4002, '']], [[4002, '']]]);
	});

	law('terminates a socket that is full at once', async (fixture) => {
		const server = await start(fixture, { options });
		const { client, side } = await server.join();
		client.peer.pause();
		await stall(side);
		side.socket.terminate();
		expect(side.ends).toEqual([[1006, '']]);
		client.peer.resume();
		await soon(() => client.ends).toEqual([[1006, '']]);
	});

	law('queues a burst of one turn that fits, and drops nothing of it', async (fixture) => {
		const server = await start(fixture);
		const { client, side } = await server.join();
		for (const corked of [false, true]) {
			const before = client.frames.length;
			const run = (): void => {
				for (let n = 0; n < 100; n++) expect(side.socket.send(numbered(n))).not.toBe('dropped');
			};
			if (corked) side.socket.cork(run);
			else run();
			await soon(() => client.frames.length).toBe(before + 100);
		}
		await soon(() => side.socket.bufferedAmount).toBe(0);
	});

	compressionLaws(law);
}

function compressionLaws(law: TcpLaw): void {
	const offering = (server: { readonly listener: { readonly port: number } }) =>
		overTcp(`ws://127.0.0.1:${server.listener.port}`, { perMessageDeflate: { threshold: 0 } });

	for (const compression of [true, 180, 3_840 | 248])
		law(`compresses for a client that offers it, and keeps the order (${compression})`, async (fixture) => {
			const server = await start(fixture, {
				options: { compression },
				open: ({ socket }) => socket.subscribe('t'),
				message: ({ socket }, frame) => void socket.send(frame)
			});
			const plain = await server.join();
			const peer = await offering(server)('/ws', {});
			expect(peer.extensions).toContain('permessage-deflate');
			const frames: Frame[] = [];
			peer.onmessage = (frame) => void frames.push(frame);
			const client: Pick<Client, 'frames'> = { frames };
			await soon(() => server.sides.length).toBe(2);
			const { socket } = server.sides[1]!;
			const expected: Frame[] = [];
			for (let n = 0; n < 60; n++) {
				const frame = n % 3 ? `${n}`.repeat(1 + n * 50) : new Uint8Array(n * 100).fill(n);
				if (n % 2) socket.send(frame);
				else server.listener.publish('t', frame);
				expected.push(typeof frame === 'string' ? frame : new Uint8Array(frame));
				if (typeof frame !== 'string') frame.fill(0);
			}
			await soon(() => client.frames.length).toBe(expected.length);
			expect(client.frames).toEqual(expected);
			peer.send('ü'.repeat(10_000));
			await soon(() => client.frames.at(-1)).toBe('ü'.repeat(10_000));
			await soon(() => plain.client.frames.length).toBe(30);
			socket.send('last');
			socket.close(4001);
			await soon(() => client.frames.at(-1)).toBe('last');
		});

	law('tells of room after it has dropped something of what it compresses', async (fixture) => {
		const server = await start(fixture, { options: { compression: true, maxBackpressure: 4_096 } });
		const peer = await offering(server)('/ws', {});
		await soon(() => server.sides.length).toBe(1);
		const side = server.sides[0]!;
		peer.pause();
		let dropped = 0;
		for (let n = 0; n < MOST && dropped < 20; n++) {
			dropped = side.socket.send(randomBytes(8_192)) === 'dropped' ? dropped + 1 : 0;
			await new Promise<void>((resolve) => void setImmediate(resolve));
		}
		const { drains } = side;
		expect([side.socket.send('no room'), side.socket.congested]).toEqual(['dropped', true]);
		peer.resume();
		await soon(() => [side.drains > drains, side.socket.congested]).toEqual([true, false]);
	});

	law('agrees on no compression unless it is switched on', async (fixture) => {
		const peer = await offering(await start(fixture))('/ws', {});
		expect(peer.extensions).toBe('');
	});

	law('measures a compressed message as it is without compression', async (fixture) => {
		const server = await start(fixture, { options: { compression: true, maxPayloadLength: 1_000 } });
		const peer = await offering(server)('/ws', {});
		await soon(() => server.sides.length).toBe(1);
		peer.send('a'.repeat(1_000));
		peer.send('a'.repeat(100_000));
		await soon(() => server.sides[0]!.ends.length).toBe(1);
		expect(server.sides[0]!.messages).toEqual(['a'.repeat(1_000)]);
	});
}
