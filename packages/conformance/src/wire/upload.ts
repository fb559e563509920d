import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import { defineSuite } from '../suite.ts';
import { connect, type WireClient, type WireServer } from './client.ts';
import { CANCEL, CHECKSUM, HASH, RESUME, chunk, control, event, hashOf, sumOf } from './upload-frames.ts';

const PUT = { rpc: 'wire/upload', args: ['a'] };
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** What the server says next about an upload. */
async function heard(client: WireClient, id: number): Promise<any> {
	for (;;) {
		const frame = await client.next();
		if (frame.topic === '__upload' && frame.event === event(id)) return frame.data;
	}
}

/** Its answer; what it says on the way there is left out. */
async function answer(client: WireClient, id: number): Promise<any> {
	for (;;) {
		const data = await heard(client, id);
		if ('ok' in data) return data;
	}
}

/** Uploads of the protocol, black box and by hand, against a server of `wire/live.ts` and `wireHooks()`. */
export const uploadSuite: (subject: {
	readonly name: string;
	create(): Promise<WireServer & AsyncDisposable>;
	readonly knownGaps?: Readonly<Record<string, string>>;
}) => void = defineSuite<WireServer>('upload', (law) => {
	law('takes an upload of one part, of many, and of none, and answers each once', async (server) => {
		const client = await connect(server);
		client.say(chunk(42, { header: PUT, payload: text('milk'), last: true }));
		expect(await answer(client, 42)).toEqual({
			ok: true,
			data: { text: 'milk', args: ['a'] },
			__cap: client.welcome!.maxPayloadLength
		});
		client.say(
			chunk(0xffffffff, { header: PUT, payload: text('mi') }),
			chunk(0xffffffff, { number: 1, payload: text('lk') }),
			chunk(0xffffffff, { number: 2 }),
			chunk(0xffffffff, { number: 3, last: true })
		);
		expect((await answer(client, 0xffffffff)).data.text).toBe('milk');
		client.say(chunk(1, { header: PUT, last: true }));
		expect((await answer(client, 1)).data.text).toBe('');
		expect(await client.heard()).toEqual([]);
	});

	law('says nothing of windows to a client that did not ask for them', async (server) => {
		const client = await connect(server);
		client.say(chunk(7, { header: PUT, payload: text('a') }));
		expect(await client.heard()).toEqual([]);
		client.say(chunk(7, { number: 1, last: true }));
		expect(await heard(client, 7)).toMatchObject({ ok: true });
	});

	law('grants windows to a client that asks for them, and holds it to them', async (server) => {
		const client = await connect(server);
		client.say(chunk(8, { header: { ...PUT, flow: true }, payload: text('ab') }));
		expect(await heard(client, 8)).toEqual({ window: 2, received: 2 });
		const granted = await heard(client, 8);
		expect(granted).toMatchObject({ received: 2, window: expect.any(Number) });
		expect(granted.window).toBeGreaterThan(16_384);
		client.say(chunk(8, { number: 1, last: true }));
		expect(await answer(client, 8)).toMatchObject({ ok: true });

		// A handler that does not read: nothing but the first part may come.
		client.say(chunk(9, { header: { rpc: 'wire/ignore', flow: true }, payload: text('ab') }));
		expect(await heard(client, 9)).toEqual({ window: 2, received: 2 });
		client.say(chunk(9, { number: 1, payload: text('c') }));
		expect(await answer(client, 9)).toMatchObject({ ok: false, code: 'FLOW_BACKPRESSURE' });
	});

	law('refuses more parts than may wait, of a client without windows', async (server) => {
		const client = await connect(server);
		client.say(chunk(10, { header: { rpc: 'wire/ignore' }, payload: text('a') }));
		for (let number = 1; number <= 64; number++) client.say(chunk(10, { number, payload: text('a') }));
		expect(await answer(client, 10)).toMatchObject({ ok: false, code: 'FLOW_BACKPRESSURE' });
	});

	law('refuses parts out of order, twice, missing, after the end, and two uploads of one id', async (server) => {
		const client = await connect(server);
		const cases: [number, readonly Uint8Array[]][] = [
			[20, [chunk(20, { number: 2, payload: text('c') })]],
			[21, [chunk(21, { number: 1 }), chunk(21, { number: 1 })]],
			[22, [chunk(22, { header: PUT, payload: text('x') })]],
			[23, [chunk(23, { number: 0xffffffff, last: true })]]
		];
		for (const [id, frames] of cases) {
			client.say(chunk(id, { header: { rpc: 'wire/ignore', args: [] }, payload: text('a') }), ...frames);
			expect(await answer(client, id), String(id)).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
		}
		client.say(chunk(24, { header: { rpc: 'wire/ignore' }, last: true }), chunk(24, { number: 1, payload: text('a') }));
		expect(await answer(client, 24)).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
		// What belongs to no upload any more is not heard of.
		client.say(
			chunk(24, { number: 2 }),
			chunk(999, { number: 1 }),
			control(CANCEL, 999),
			control(CHECKSUM, 999, sumOf(text('a')))
		);
		expect(await client.heard()).toEqual([]);
	});

	law('holds a client to the size that it announced, and to the checksum', async (server) => {
		const client = await connect(server);
		const bytes = text('milk');
		for (const [id, size, code] of [
			[30, 4, undefined],
			[31, 3, 'INVALID_REQUEST'],
			[32, 5, 'INVALID_REQUEST'],
			[33, 2 ** 53, 'INVALID_REQUEST'],
			[34, -1, 'INVALID_REQUEST'],
			[35, 1e15, 'PAYLOAD_TOO_LARGE'],
			[36, '4', 'INVALID_REQUEST']
		] as const) {
			client.say(chunk(id, { header: { ...PUT, size }, payload: bytes, last: size !== 1e15 }));
			const reply = await answer(client, id);
			expect(reply.code, String(size)).toBe(code);
		}
		for (const [id, sum, code] of [
			[40, sumOf(bytes), undefined],
			[41, sumOf(text('silk')), 'CHECKSUM_MISMATCH'],
			[42, undefined, 'CHECKSUM_MISMATCH']
		] as const) {
			client.say(chunk(id, { header: { ...PUT, crc32: true }, payload: text('mi') }));
			if (sum) client.say(control(CHECKSUM, id, sum));
			client.say(chunk(id, { number: 1, payload: text('lk'), last: true }));
			expect((await answer(client, id)).code).toBe(code);
		}
		client.say(chunk(43, { header: { ...PUT, crc32: crc32(bytes) }, payload: bytes, last: true }));
		expect((await answer(client, 43)).ok).toBe(true);
		client.say(chunk(44, { header: { ...PUT, crc32: 1 }, payload: bytes, last: true }));
		expect((await answer(client, 44)).code).toBe('CHECKSUM_MISMATCH');
	});

	law('holds a client to the hash of all bytes', async (server) => {
		const client = await connect(server);
		for (const [id, said, code] of [
			[45, text('milk'), undefined],
			[46, text('silk'), 'CHECKSUM_MISMATCH'],
			[47, undefined, 'CHECKSUM_MISMATCH']
		] as const) {
			client.say(chunk(id, { header: { ...PUT, sha256: true }, payload: text('mi') }));
			if (said) client.say(control(HASH, id, hashOf(said)));
			client.say(chunk(id, { number: 1, payload: text('lk'), last: true }));
			expect((await answer(client, id)).code, String(id)).toBe(code);
		}
		for (const [id, sha256, code] of [
			[48, hashOf(text('milk')).toString('hex'), undefined],
			[49, hashOf(text('silk')).toString('hex'), 'CHECKSUM_MISMATCH'],
			[63, 'abc', 'INVALID_REQUEST'],
			[64, 7, 'INVALID_REQUEST']
		] as const) {
			client.say(chunk(id, { header: { ...PUT, sha256 }, payload: text('milk'), last: true }));
			expect((await answer(client, id)).code, String(id)).toBe(code);
		}
		client.say(chunk(65, { header: { ...PUT, sha256: hashOf(text('')).toString('hex') }, last: true }));
		expect((await answer(client, 65)).ok).toBe(true);
	});

	law('answers what names nothing, or nothing that takes uploads, and what no header is', async (server) => {
		const client = await connect(server);
		for (const [id, header, code] of [
			[50, { rpc: 'wire/none', args: [] }, 'NOT_FOUND'],
			[51, { rpc: 'wire/echo', args: [] }, 'INVALID_REQUEST'],
			[52, { rpc: 'wire/list', args: [] }, 'INVALID_REQUEST'],
			[53, { rpc: 'x', args: [] }, 'INVALID_REQUEST'],
			[54, { rpc: 'wire/../upload', args: [] }, 'INVALID_REQUEST'],
			[55, { rpc: 'wire/upload', args: {} }, 'INVALID_REQUEST'],
			[56, { rpc: 5, args: [] }, 'INVALID_REQUEST'],
			[57, '{"rpc":"wire/upload"', 'INVALID_REQUEST'],
			[58, '[]', 'INVALID_REQUEST'],
			[59, `{"rpc":"wire/upload","args":${'['.repeat(70)}${']'.repeat(70)}}`, 'INVALID_REQUEST'],
			[60, { rpc: 'wire/__proto__', args: [] }, 'NOT_FOUND']
		] as const) {
			client.say(chunk(id, { header, payload: text('a') }));
			expect((await answer(client, id)).code, JSON.stringify(header)).toBe(code);
		}
		expect(await client.heard()).toEqual([]);
	});

	law('cancels, and lets the handler do so', async (server) => {
		const client = await connect(server);
		client.say(chunk(70, { header: PUT, payload: text('a') }), control(CANCEL, 70));
		expect(await answer(client, 70)).toMatchObject({ ok: false, code: 'CANCELLED' });
		client.say(chunk(70, { header: { rpc: 'wire/early' }, payload: text('a') }));
		expect(await answer(client, 70)).toMatchObject({ ok: true, data: 'early' });
		client.say(chunk(70, { number: 1 }), chunk(70, { number: 5 }));
		expect(await client.heard()).toEqual([]);
	});

	law('refuses the fifth upload of a connection, and takes another when one has ended', async (server) => {
		const client = await connect(server);
		for (let id = 80; id < 84; id++) client.say(chunk(id, { header: { rpc: 'wire/ignore' } }));
		client.say(chunk(84, { header: PUT }));
		expect(await answer(client, 84)).toMatchObject({ ok: false, code: 'TOO_MANY_UPLOADS' });
		client.say(control(CANCEL, 80));
		expect(await answer(client, 80)).toMatchObject({ code: 'CANCELLED' });
		client.say(chunk(85, { header: PUT, last: true }));
		expect(await answer(client, 85)).toMatchObject({ ok: true });
		for (let id = 1_000; id < 2_000; id++) client.say(chunk(id, { header: { rpc: 'wire/ignore' } }));
		const codes = new Map<string, number>();
		for (let answers = 0; answers < 999; answers++) {
			const { code } = (await client.next()).data;
			codes.set(code, (codes.get(code) ?? 0) + 1);
		}
		expect([...codes]).toEqual([['TOO_MANY_UPLOADS', 999]]);
	});

	law('goes on over another connection with its secret', async (server) => {
		const first = await connect(server, '?user=ann');
		first.say(chunk(90, { header: { ...PUT, flow: true, resume: true }, payload: text('mi') }));
		const { token, resumeMs } = await heard(first, 90);
		expect([token, resumeMs]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), 30_000]);
		const secret = Uint8Array.from(Buffer.from(token, 'hex'));
		first.drop();
		const second = await connect(server, '?user=ann');
		for (const [id, token] of [
			[91, secret],
			[90, new Uint8Array(16)],
			[90, secret.toReversed()]
		] as const) {
			second.say(control(RESUME, id, token));
			expect(await answer(second, id)).toMatchObject({ ok: false, code: 'DISCONNECTED' });
		}
		second.say(control(RESUME, 90, secret));
		expect(await heard(second, 90)).toMatchObject({ received: 2, next: 1 });
		// A connection whose loss the server did not notice loses the upload as well.
		const third = await connect(server, '?user=ann');
		third.say(control(RESUME, 90, secret));
		expect(await heard(third, 90)).toMatchObject({ received: 2, next: 1 });
		second.say(chunk(90, { number: 1, payload: text('xx'), last: true }));
		expect(await second.heard()).toEqual([]);
		third.say(chunk(90, { number: 1, payload: text('lk'), last: true }));
		expect(await answer(third, 90)).toMatchObject({ ok: true, data: { text: 'milk' } });
		// The answer may be asked for again.
		const fourth = await connect(server, '?user=ann');
		fourth.say(control(RESUME, 90, secret));
		expect(await answer(fourth, 90)).toMatchObject({ ok: true, data: { text: 'milk' } });
	});

	law('takes frames that are cut, have unknown flags or say nothing for frames of the app', async (server) => {
		const client = await connect(server);
		const good = chunk(95, { header: PUT, payload: text('a') });
		const odd = [
			new Uint8Array([1]),
			new Uint8Array([2]),
			good.subarray(0, 9),
			good.subarray(0, 11),
			good.subarray(0, 20),
			chunk(0, { header: PUT }),
			chunk(95, { number: 1, header: PUT }),
			chunk(95, { number: 0 }),
			chunk(95, { header: PUT, flags: 5 }),
			chunk(95, { header: '' }),
			control(0x13, 95),
			control(CANCEL, 95, new Uint8Array(1)),
			control(CHECKSUM, 95, new Uint8Array(3)),
			control(RESUME, 95, new Uint8Array(17))
		];
		for (const frame of odd) {
			client.say(frame);
			expect(Buffer.from((await client.nextRaw()) as Uint8Array), Buffer.from(frame).toString('hex')).toEqual(Buffer.from(frame));
		}
		client.say(chunk(95, { header: PUT, payload: text('still there'), last: true }));
		expect((await answer(client, 95)).data.text).toBe('still there');
	});
});
