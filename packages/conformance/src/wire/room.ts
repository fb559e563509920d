import { expect } from 'vitest';
import { defineSuite } from '../suite.ts';
import { connect, type WireClient, type WireServer } from './client.ts';

/** The answer to a request; events that come before it are left out. */
async function ask(client: WireClient, id: string, rpc: string, args: readonly unknown[], more: object = {}): Promise<any> {
	client.say({ rpc: `wire/${rpc}`, id, args, ...more });
	for (;;) {
		const frame = await client.next();
		if (frame.topic === '__rpc' && frame.event === id) return frame.data;
	}
}

const follow = (client: WireClient, part: string, id: string): Promise<any> =>
	ask(client, `${part}${id}`, `desk/__${part}`, [id], { stream: true });

/** The next event of a topic. */
async function event(client: WireClient, topic: string): Promise<unknown> {
	for (;;) {
		const frame = await client.next();
		if (frame.topic === topic) return [frame.event, frame.data];
	}
}

/** A call with bytes, byte by byte. */
function binary(header: string, payload: readonly number[]): Uint8Array {
	const text = Buffer.from(header);
	const start = Buffer.alloc(3);
	start.writeUInt16BE(text.length, 1);
	return new Uint8Array(Buffer.concat([start, text, Buffer.from(payload)]));
}

/** Rooms and calls with bytes, black box, against a server of `wire/live.ts` and `wireHooks()`. */
export const roomSuite: (subject: {
	readonly name: string;
	create(): Promise<WireServer & AsyncDisposable>;
	readonly knownGaps?: Readonly<Record<string, string>>;
}) => void = defineSuite<WireServer>('rooms', (law) => {
	law('shows who is in a room, and what they do', async (server) => {
		const [ann, bob] = [await connect(server, '?user=ann'), await connect(server, '?user=bob')];
		expect(await follow(ann, 'data', '1')).toMatchObject({
			ok: true,
			data: [{ id: 'first', desk: '1' }],
			topic: 'wire-desk:1',
			merge: 'crud',
			key: 'id'
		});
		const here = await follow(ann, 'presence', '1');
		expect(here).toMatchObject({ topic: 'wire-desk:1:presence', merge: 'presence', data: [{ data: { name: 'ann' } }] });
		expect(await follow(bob, 'data', '1')).toMatchObject({ ok: true });
		expect(await event(ann, 'wire-desk:1:presence')).toEqual(['join', { key: expect.any(String), data: { name: 'bob' } }]);
		expect(await ask(bob, 'p', 'desk/__action/pin', ['1', 'n2'])).toEqual({ id: 'p', ok: true, data: 'n2' });
		expect(await event(ann, 'wire-desk:1')).toEqual(['created', { id: 'n2', desk: '1' }]);
	});

	law('moves cursors of those who are there, and takes them away', async (server) => {
		const [ann, bob] = [await connect(server, '?user=ann'), await connect(server, '?user=bob')];
		expect(await follow(ann, 'cursors', '2')).toMatchObject({ topic: 'wire-desk:2:cursors', merge: 'cursor', data: [] });
		expect(await ask(bob, 'm', 'desk/__action/moveCursor', ['2', { x: 1 }])).toMatchObject({ ok: false, code: 'FORBIDDEN' });
		await follow(bob, 'data', '2');
		bob.say({ rpc: 'wire/desk/__action/moveCursor', args: ['2', { x: 1 }] });
		const [name, moved] = (await event(ann, 'wire-desk:2:cursors')) as [string, { key: string }];
		expect([name, moved]).toEqual(['update', { key: expect.any(String), data: { x: 1 } }]);
		bob.say({ type: 'unsubscribe', topic: 'wire-desk:2' });
		expect(await event(ann, 'wire-desk:2:cursors')).toEqual(['remove', { key: moved.key }]);
	});

	law('lets nobody past the guard, by no part and by no name', async (server) => {
		const client = await connect(server, '?user=ann');
		for (const part of ['data', 'presence', 'cursors'])
			expect(await follow(client, part, 'closed')).toMatchObject({ ok: false, code: 'FORBIDDEN' });
		for (const name of ['pin', 'moveCursor'])
			expect(await ask(client, name, `desk/__action/${name}`, ['closed', 1])).toMatchObject({ ok: false, code: 'FORBIDDEN' });
		expect(await follow(client, 'data', '3:presence')).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
		for (const path of ['desk/__none', 'desk/__action/none', 'desk/__action/toString', 'desk/__action'])
			expect(await ask(client, path, path, ['3'])).toMatchObject({ ok: false, code: 'NOT_FOUND' });
		expect(await ask(client, 'd', 'desk', ['3'])).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
	});

	law('answers calls with bytes, and leaves frames that are none to the app', async (server) => {
		const client = await connect(server);
		client.say(binary('{"rpc":"wire/bytes","id":"b1","args":["a.png",{"n":1}]}', [0, 255]));
		expect((await client.next()).data).toEqual({ id: 'b1', ok: true, data: [[0, 255], 'a.png', { n: 1 }] });
		client.say(binary('{"rpc":"wire/bytes","id":"b2"}', []));
		expect((await client.next()).data).toEqual({ id: 'b2', ok: true, data: [[]] });
		for (const [id, header, code, size] of [
			['c1', '{"rpc":"wire/echo","id":"c1"}', 'INVALID_REQUEST', 1],
			['c2', '{"rpc":"wire/none","id":"c2"}', 'NOT_FOUND', 1],
			['c3', '{"rpc":"wire/bytes","id":"c3","args":{}}', 'INVALID_REQUEST', 1],
			['c4', '{"rpc":"wire/bytes","id":"c4"}', 'PAYLOAD_TOO_LARGE', 1_001]
		] as const) {
			client.say(
				binary(
					header,
					Array.from({ length: size }, () => 7)
				)
			);
			expect((await client.next()).data).toMatchObject({ id, ok: false, code });
		}
		expect(await ask(client, 't', 'bytes', [1])).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
		for (const frame of [
			new Uint8Array([0]),
			new Uint8Array([0, 0, 0]),
			new Uint8Array([0, 0, 9, 123]),
			binary('{"rpc":"wire/bytes"}', [1]),
			binary('{"rpc":"wire/bytes","id":5}', [1]),
			binary('[]', [1])
		]) {
			client.say(frame);
			expect(Buffer.from((await client.nextRaw()) as Uint8Array)).toEqual(Buffer.from(frame));
		}
	});
});
