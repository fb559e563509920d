/** What one client says on a connection, a frame each; text unless it is bytes. */
export type Conversation = readonly (string | Uint8Array)[];

const json = JSON.stringify;

function binaryCall(header: unknown, payload: string): Uint8Array {
	const text = Buffer.from(json(header));
	const length = Buffer.alloc(2);
	length.writeUInt16BE(text.length);
	return Buffer.concat([Uint8Array.of(0), length, text, Buffer.from(payload)]);
}

function chunk(flags: number, id: number, seq: number, header: unknown, payload: string): Uint8Array {
	const head = Buffer.alloc(10);
	head[0] = 1;
	head[1] = flags;
	head.writeUInt32BE(id, 2);
	head.writeUInt32BE(seq, 6);
	if (header === undefined) return Buffer.concat([head, Buffer.from(payload)]);
	const text = Buffer.from(json(header));
	const length = Buffer.alloc(2);
	length.writeUInt16BE(text.length);
	return Buffer.concat([head, length, text, Buffer.from(payload)]);
}

/** Conversations that every server takes, with the app of `wireHooks()` and the live module `wire`. */
export const CORPUS: readonly Conversation[] = [
	[
		json({ type: 'hello', caps: ['batch', 'epoch', 'ping'] }),
		json({ type: 'subscribe', topic: 'news', ref: 1 }),
		json({ type: 'subscribe-batch', topics: ['a', 'b', 'c'], ref: 2 }),
		json({ steps: [{ do: 'publish', topic: 'news', event: 'created', data: { id: 1 } }] }),
		json({ type: 'unsubscribe', topic: 'news' }),
		json({ type: 'ping' })
	],
	[
		json({ type: 'hello', caps: ['epoch'] }),
		json({ type: 'resume', sessionId: 'b0e1f5c0', lastSeenSeqs: { news: 4, a: 1 }, eps: { news: 'e1' } }),
		json({ type: 'subscribe', topic: 'news', ref: 'x' }),
		json({ type: 'reply', ref: 1, data: { ok: true } })
	],
	[
		json({ rpc: 'wire/echo', id: '1', args: [1, 'two', { three: [3] }] }),
		json({ rpc: 'wire/later', id: '2', args: ['now'], idempotencyKey: 'k' }),
		json({ rpc: 'wire/fail', id: '3', args: ['untyped'] }),
		json({ rpc: 'wire/fail', id: '4', args: ['cyclic'] }),
		json({ rpc: 'wire/nothing' }),
		json({ rpc: 'wire/hidden', id: '5', args: [] })
	],
	[
		json({
			batch: [
				{ rpc: 'wire/echo', id: '1', args: [] },
				{ rpc: 'wire/list', id: '2', args: [], stream: true },
				{ rpc: 'wire/none', id: '3' }
			],
			sequential: true
		}),
		json({ rpc: 'wire/list', id: '4', args: [], stream: true, seq: 3, version: 1, schemaVersion: 2, cursor: 'c' }),
		json({ rpc: 'wire/newest', id: '5', args: [], stream: true }),
		json({ rpc: 'wire/closed', id: '6', args: [], stream: true }),
		json({ type: 'unsubscribe', topic: 'wire-rows' })
	],
	[binaryCall({ rpc: 'wire/echo', id: '1', args: [1] }, 'payload'), binaryCall({ rpc: 'wire/none', id: '2' }, '')],
	[
		chunk(1, 7, 0, { rpc: 'wire/echo', args: ['name'] }, 'first'),
		chunk(0, 7, 1, undefined, 'second'),
		chunk(2, 7, 2, undefined, 'last'),
		Uint8Array.of(2, 0x10, 0, 0, 0, 7)
	],
	['plain text', '', '{}', '[]', 'null', json({ type: 'unknown', topic: 'news' }), Uint8Array.of(9, 9, 9, 9)]
];

/** What has broken parsers before. */
export const DICTIONARY: readonly string[] = [
	...['__proto__', 'constructor', 'prototype', 'toString', 'then', 'hasOwnProperty', '__rpc', '__presence:x'],
	...['1e400', '-0', '9007199254740993', '0x10', 'NaN', 'Infinity', 'null', 'true', '""', '{}', '[]', '[[[[[[[['],
	...['\u0000', '\\u0000', '\ud800', '\\ud800', '\u2028', '\u202e', '\r\n', '"', '\\', '}', ']', ',', ':'],
	...['../', '%2e%2e/', '//', '*', '{tag}', '{"__proto__":{"polluted":1}}', `"${'x'.repeat(300)}"`, '['.repeat(100)]
];
