import { expect } from 'vitest';
import type { TransportLaw } from './fixture.ts';
import { soon, start, type Client, type End, type Server, type Side } from './server.ts';

const TOO_LARGE = [1006, 1009];

/** Every way in which a connection ends, with what each end is told. */
const WAYS: Readonly<Record<string, { run(client: Client, side: Side): void; server: End; client: End }>> = {
	'the client closes': {
		run: ({ peer }) => peer.close(4001, 'bye ü'),
		server: [4001, 'bye ü'],
		client: [4001, 'bye ü']
	},
	'the client closes without a code': { run: ({ peer }) => peer.close(), server: [1005, ''], client: [1005, ''] },
	'the client goes away': { run: ({ peer }) => peer.drop(), server: [1006, ''], client: [1006, ''] },
	'the server closes': {
		run: (_, { socket }) => socket.close(4002, 'enough ü'),
		server: [4002, 'enough ü'],
		client: [4002, 'enough ü']
	},
	'the server closes without a code': { run: (_, { socket }) => socket.close(), server: [1005, ''], client: [1005, ''] },
	'the server terminates': { run: (_, { socket }) => socket.terminate(), server: [1006, ''], client: [1006, ''] }
};

/** Calls everything that a socket has; nothing may come of it. */
function useClosed({ socket }: Side): void {
	let corked = false;
	expect(socket.send('after the end')).toBe('dropped');
	expect(socket.send(new Uint8Array(3))).toBe('dropped');
	socket.subscribe('t');
	socket.unsubscribe('t');
	socket.subscribe('t');
	socket.cork(() => void (corked = true));
	socket.close(4003, 'again');
	socket.close();
	socket.terminate();
	expect(corked).toBe(false);
	expect(socket.bufferedAmount).toBe(0);
	expect(socket.remoteAddress).toBe('127.0.0.1');
}

/** What may be going on while the server ends a connection. */
const PLACES = {
	'while it opens': (server: Server, run: (side: Side) => void, at: Hooks) => {
		at.open = run;
		// What ends before the answer has left is for the client a connection that failed: browsers call that 1006.
		return server.connect().catch((): Pick<Client, 'frames' | 'ends'> => ({ frames: [], ends: [[1006, '']] }));
	},
	'while a message is handled': async (server: Server, run: (side: Side) => void, at: Hooks) => {
		at.message = run;
		const { client } = await server.join();
		for (let n = 0; n < 20; n++) client.peer.send(String(n));
		return client;
	},
	'in a cork': async (server: Server, run: (side: Side) => void) => {
		const { client, side } = await server.join();
		side.socket.cork(() => run(side));
		return client;
	},
	'in a cork while a message is handled': async (server: Server, run: (side: Side) => void, at: Hooks) => {
		at.message = (side) => side.socket.cork(() => run(side));
		const { client } = await server.join();
		for (let n = 0; n < 20; n++) client.peer.send(String(n));
		return client;
	}
} as const;

interface Hooks {
	open?: (side: Side) => void;
	message?: (side: Side) => void;
}

export function closingLaws(law: TransportLaw): void {
	for (const [way, { run, server: atServer, client: atClient }] of Object.entries(WAYS)) {
		law(`tells both ends, once, how it ended when ${way}, and nothing works any more`, async (fixture) => {
			const server = await start(fixture, {
				open: ({ socket }) => socket.subscribe('t'),
				closed(side) {
					useClosed(side);
					server.listener.publish('t', 'from closed');
				}
			});
			const other = await server.join();
			const { client, side } = await server.join();
			run(client, side);
			await soon(() => [side.ends, client.ends]).toEqual([[atServer], [atClient]]);
			useClosed(side);
			server.listener.publish('t', 'later');
			await soon(() => other.client.frames).toEqual(['from closed', 'later']);
			await server.beat();
			expect([side.ends, client.ends, client.frames, side.messages]).toEqual([[atServer], [atClient], [], []]);
		});
	}

	for (const [place, reach] of Object.entries(PLACES)) {
		for (const how of ['closes', 'terminates'] as const) {
			law(`${how} a socket ${place}: it hears of that once, and of nothing later`, async (fixture) => {
				const at: Hooks = {};
				const server = await start(fixture, { open: (side) => at.open?.(side), message: (side) => at.message?.(side) });
				const client = await reach(
					server,
					(side) => {
						side.socket.send('before');
						if (how === 'closes') side.socket.close(4004, 'here');
						else side.socket.terminate();
						useClosed(side);
					},
					at
				);
				const end: End = how === 'closes' ? [4004, 'here'] : [1006, ''];
				await soon(() => [server.sides[0]!.ends, client.ends]).toEqual([[end], [end]]);
				await server.beat();
				expect(server.sides[0]!.ends).toEqual([end]);
				expect(server.sides[0]!.messages).toHaveLength(place.includes('message') ? 1 : 0);
				if (how === 'closes') expect(client.frames).toEqual(['before']);
				else expect(client.frames.filter((frame) => frame !== 'before')).toEqual([]);
			});
		}
	}

	law('hears of an end once when both ends bring it about', async (fixture) => {
		const server = await start(fixture);
		for (let round = 0; round < 20; round++) {
			const { client, side } = await server.join();
			if (round % 2) client.peer.close(4005);
			else client.peer.drop();
			if (round % 3) side.socket.close(4006);
			else side.socket.terminate();
			await soon(() => [side.ends.length, client.ends.length]).toEqual([1, 1]);
		}
		await server.beat();
		for (const { ends } of server.sides) expect(ends).toHaveLength(1);
	});

	law('delivers what was sent before a close, both ways', async (fixture) => {
		const server = await start(fixture, { open: ({ socket }) => socket.subscribe('t') });
		const { client, side } = await server.join();
		const expected = Array.from({ length: 50 }, (_, n) => `${n}`);
		for (const text of expected) {
			if (Number(text) % 2) side.socket.send(text);
			else server.listener.publish('t', text);
		}
		side.socket.close(4007);
		await soon(() => client.ends).toEqual([[4007, '']]);
		expect(client.frames).toEqual(expected);
		const second = await server.join();
		for (const text of expected) second.client.peer.send(text);
		second.client.peer.close(4008);
		await soon(() => second.side.ends).toEqual([[4008, '']]);
		expect(second.side.messages).toEqual(expected);
	});

	law('sends 1000 in place of a code that no close frame may carry', async (fixture) => {
		const server = await start(fixture);
		const odd = [-1, 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_536, 1000.5, Number.NaN, Number.POSITIVE_INFINITY];
		for (const code of [...odd, 1000]) {
			const { client, side } = await server.join();
			side.socket.close(code, 'why');
			await soon(() => [side.ends, client.ends]).toEqual([[[1000, 'why']], [[1000, 'why']]]);
		}
		for (const code of [1001, 1003, 1007, 1011, 1014, 3000, 4999]) {
			const { client, side } = await server.join();
			side.socket.close(code, '');
			await soon(() => [side.ends, client.ends]).toEqual([[[code, '']], [[code, '']]]);
		}
	});

	law('cuts a reason that is too long at a character', async (fixture) => {
		const server = await start(fixture);
		for (const reason of ['a'.repeat(200), 'ü'.repeat(100), `a${'\u{1f600}'.repeat(50)}`, `${'a'.repeat(122)}€`, 'a\ud800b']) {
			const { client, side } = await server.join();
			side.socket.close(4009, reason);
			await soon(() => [side.ends.length, client.ends.length]).toEqual([1, 1]);
			const [[, cut]] = client.ends as [End];
			expect(side.ends).toEqual(client.ends);
			expect(reason.toWellFormed().startsWith(cut)).toBe(true);
			expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(123);
			expect(Buffer.byteLength(cut)).toBeGreaterThan(Math.min(119, Buffer.byteLength(reason) - 1));
			expect(cut).not.toContain('\ufffd'.repeat(2));
		}
	});

	for (const kind of ['text', 'bytes'] as const) {
		law(`takes ${kind} of the largest size, and ends a connection that sends more`, async (fixture) => {
			const server = await start(fixture, { options: { maxPayloadLength: 1_000 } });
			const frame = (size: number) => (kind === 'text' ? 'x'.repeat(size) : new Uint8Array(size));
			const { client, side } = await server.join();
			client.peer.send(frame(1_000));
			client.peer.send(frame(1_001));
			client.peer.send('later');
			await soon(() => [side.ends.length, client.ends.length]).toEqual([1, 1]);
			expect(TOO_LARGE).toContain(side.ends[0]![0]);
			expect(TOO_LARGE).toContain(client.ends[0]![0]);
			await server.beat();
			expect(side.messages).toEqual([frame(1_000)]);
			expect(side.ends).toHaveLength(1);
		});
	}

	law('measures text in bytes', async (fixture) => {
		const server = await start(fixture, { options: { maxPayloadLength: 10 } });
		const { client, side } = await server.join();
		client.peer.send('ü'.repeat(5));
		client.peer.send('ü'.repeat(6));
		await soon(() => side.ends.length).toBe(1);
		expect(side.messages).toEqual(['ü'.repeat(5)]);
	});

	law('keeps open what is open when it stops accepting, and lets nobody else in', async (fixture) => {
		const server = await start(fixture, {
			open: ({ socket }) => socket.subscribe('t'),
			message: ({ socket }, frame) => void socket.send(frame)
		});
		const { client, side } = await server.join();
		server.listener.stopAccepting();
		server.listener.stopAccepting();
		await expect(server.connect()).rejects.toThrow();
		client.peer.send('echo');
		await soon(() => client.frames).toEqual(['echo']);
		server.listener.publish('t', 'published');
		await soon(() => client.frames).toEqual(['echo', 'published']);
		expect(side.ends).toEqual([]);
		await server.listener[Symbol.asyncDispose]();
		await soon(() => [side.ends, client.ends]).toEqual([[[1006, '']], [[1006, '']]]);
	});

	law('drops everything when it is disposed, once, and does nothing afterwards', async (fixture) => {
		let decide: (() => void) | undefined;
		const server = await start(fixture, {
			upgrade: ({ url }) =>
				url.endsWith('?wait')
					? new Promise((resolve) => void (decide = () => resolve({ accept: true, data: 0 })))
					: { accept: true, data: 0 },
			open: ({ socket }) => socket.subscribe('t'),
			closed: useClosed
		});
		const ends = [await server.join(), await server.join(), await server.join()];
		const waiting = server.connect('/ws?wait').catch((error: unknown) => error);
		await soon(() => decide).toBeDefined();
		ends[2]!.side.socket.close(4010);
		const { listener } = server;
		await Promise.all([listener[Symbol.asyncDispose](), listener[Symbol.asyncDispose]()]);
		await listener[Symbol.asyncDispose]();
		for (const { client, side } of ends.slice(0, 2)) {
			await soon(() => [side.ends, client.ends]).toEqual([[[1006, '']], [[1006, '']]]);
		}
		await soon(() => ends[2]!.client.ends.length).toBe(1);
		expect(ends[2]!.side.ends).toEqual([[4010, '']]);
		expect(await waiting).toBeInstanceOf(Error);
		decide!();
		listener.publish('t', 'late');
		listener.stopAccepting();
		await expect(server.connect()).rejects.toThrow();
		for (const { side } of ends) useClosed(side);
		expect(server.sides).toHaveLength(3);
		for (const { ends: told } of server.sides) expect(told).toHaveLength(1);
	});
}
