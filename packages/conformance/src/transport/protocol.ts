import { expect } from 'vitest';
import type { RawClient } from '../http/client.ts';
import type { TcpFixture, TcpLaw, TcpPeer } from './fixture.ts';
import { BINARY, CLOSE, closePayload, frame, openRaw, PING, PONG, TEXT } from './raw.ts';
import { soon, start, type Script, type Server, type Side } from './server.ts';

const NOT_UTF8: Readonly<Uint8Array> = new Uint8Array([0x61, 0xc3, 0x28]);

/** What breaks the protocol, as a client would send it. */
const VIOLATIONS: Readonly<Record<string, Buffer>> = {
	'a frame that is not masked': frame({ opcode: BINARY, payload: 'a', masked: false }),
	'a close frame that is not masked': frame({ opcode: CLOSE, payload: closePayload(1000), masked: false }),
	'the first reserved bit': frame({ opcode: TEXT, payload: 'a', reserved: 0x40 }),
	'the second reserved bit': frame({ opcode: TEXT, payload: 'a', reserved: 0x20 }),
	'the third reserved bit': frame({ opcode: BINARY, payload: 'a', reserved: 0x10 }),
	'a reserved opcode': frame({ opcode: 3, payload: 'a' }),
	'a reserved control opcode': frame({ opcode: 11 }),
	'a ping in fragments': frame({ opcode: PING, payload: 'a', fin: false }),
	'a ping that is too long': frame({ opcode: PING, payload: 'a'.repeat(126) }),
	'a continuation of nothing': frame({ opcode: 0, payload: 'a' }),
	'a message within a message': Buffer.concat([
		frame({ opcode: TEXT, payload: 'a', fin: false }),
		frame({ opcode: TEXT, payload: 'b' })
	]),
	'text that is not UTF-8': frame({ opcode: TEXT, payload: NOT_UTF8 }),
	'text in fragments that is not UTF-8': Buffer.concat([
		frame({ opcode: TEXT, payload: NOT_UTF8.subarray(0, 2), fin: false }),
		frame({ opcode: 0, payload: NOT_UTF8.subarray(2) })
	]),
	'text with a lone surrogate': frame({ opcode: TEXT, payload: new Uint8Array([0xed, 0xa0, 0x80]) }),
	'a close frame of one byte': frame({ opcode: CLOSE, payload: new Uint8Array(1) }),
	'a close frame with the code 999': frame({ opcode: CLOSE, payload: closePayload(999) }),
	'a close frame with the code 1005': frame({ opcode: CLOSE, payload: closePayload(1005) }),
	'a close frame with the code 1006': frame({ opcode: CLOSE, payload: closePayload(1006) }),
	'a close frame with the code 5000': frame({ opcode: CLOSE, payload: closePayload(5000) }),
	'a close frame whose reason is not UTF-8': frame({ opcode: CLOSE, payload: closePayload(1000, NOT_UTF8) }),
	'a length without end': Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])
};

/** A server, one raw client of it, and that client's socket. */
async function joinRaw(
	fixture: TcpFixture,
	script: Script = {}
): Promise<{ readonly server: Server<TcpPeer>; readonly client: RawClient; readonly side: Side }> {
	const server = await start(fixture, script);
	const client = await openRaw(server.listener.port);
	await soon(() => server.sides.length).toBe(1);
	return { server, client, side: server.sides[0]! };
}

export function protocolLaws(law: TcpLaw): void {
	for (const [what, bytes] of Object.entries(VIOLATIONS)) {
		law(`ends a connection over ${what}`, async (fixture) => {
			const { server, client, side } = await joinRaw(fixture);
			void client.send(Buffer.concat([bytes, frame({ opcode: TEXT, payload: 'later' })]));
			await client.closed();
			await soon(() => side.ends.length).toBe(1);
			expect([1002, 1006, 1007, 1009]).toContain(side.ends[0]![0]);
			await server.beat();
			expect([side.messages, side.ends.length]).toEqual([[], 1]);
		});
	}

	law('puts a message together that comes in fragments and single bytes', async (fixture) => {
		const { client, side } = await joinRaw(fixture);
		const bytes = Buffer.concat([
			frame({ opcode: TEXT, payload: Buffer.from('ü€').subarray(0, 3), fin: false }),
			frame({ opcode: PING, payload: 'between' }),
			frame({ opcode: 0, payload: '', fin: false }),
			frame({ opcode: 0, payload: Buffer.from('ü€').subarray(3), fin: false }),
			frame({ opcode: 0, payload: '!' }),
			frame({ opcode: BINARY, payload: 'a', fin: false }),
			frame({ opcode: 0, payload: 'b'.repeat(300) }),
			frame({ opcode: TEXT, payload: '' })
		]);
		for (const byte of bytes) await client.send(Uint8Array.of(byte));
		await soon(() => side.messages.length).toBe(3);
		expect(side.messages).toEqual(['ü€!', new Uint8Array(Buffer.from(`a${'b'.repeat(300)}`)), '']);
	});

	law('measures a message in fragments as a whole', async (fixture) => {
		const { client, side } = await joinRaw(fixture, { options: { maxPayloadLength: 100 } });
		void client.send(frame({ opcode: TEXT, payload: 'a'.repeat(60), fin: false }));
		void client.send(frame({ opcode: 0, payload: 'a'.repeat(40) }));
		void client.send(frame({ opcode: TEXT, payload: 'a'.repeat(60), fin: false }));
		void client.send(frame({ opcode: 0, payload: 'a'.repeat(41) }));
		await client.closed();
		await soon(() => side.ends.length).toBe(1);
		expect(side.messages).toEqual(['a'.repeat(100)]);
	});

	law('answers a ping with its payload, and hands neither ping nor pong on', async (fixture) => {
		const { server, client, side } = await joinRaw(fixture);
		void client.send(frame({ opcode: PING, payload: 'are you there' }));
		await client.until(() => client.pending >= 15);
		expect(client.text).toBe('\x8a\x0dare you there');
		void client.send(frame({ opcode: PONG, payload: 'unasked' }));
		void client.send(frame({ opcode: TEXT, payload: 'a' }));
		await soon(() => side.messages).toEqual(['a']);
		await server.beat();
		expect(side.ends).toEqual([]);
	});

	law('answers a close frame with its code, then ends the connection', async (fixture) => {
		const { client, side } = await joinRaw(fixture);
		void client.send(frame({ opcode: CLOSE, payload: closePayload(4001, 'bye') }));
		void client.send(frame({ opcode: TEXT, payload: 'later' }));
		await client.closed();
		expect(client.text.slice(0, 1)).toBe('\x88');
		expect(client.text.slice(2, 4)).toBe('\x0f\xa1');
		await soon(() => side.ends).toEqual([[4001, 'bye']]);
		expect(side.messages).toEqual([]);
	});

	law('ends the connection after a close of its own, whether the peer answers or not', async (fixture) => {
		const { client, side } = await joinRaw(fixture);
		side.socket.close(4002, 'why');
		await client.until(() => client.pending >= 7);
		expect(client.text).toBe('\x88\x05\x0f\xa2why');
		client.end();
		await client.closed();
		expect(side.ends).toEqual([[4002, 'why']]);
	});

	law('hears of a client that half-closes', async (fixture) => {
		const { client, side } = await joinRaw(fixture);
		void client.send(frame({ opcode: TEXT, payload: 'a' }));
		client.end();
		await soon(() => side.ends).toEqual([[1006, '']]);
		expect(side.messages).toEqual(['a']);
		await client.closed();
	});

	law('hears of a client that leaves in the middle of a frame', async (fixture) => {
		const { client, side } = await joinRaw(fixture);
		await client.send(frame({ opcode: TEXT, payload: 'abc' }).subarray(0, -1));
		client.drop();
		await soon(() => side.ends).toEqual([[1006, '']]);
		expect(side.messages).toEqual([]);
	});
}
