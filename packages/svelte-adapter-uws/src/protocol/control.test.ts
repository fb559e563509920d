import { expect, it } from 'vitest';
import {
	encodeClientControl,
	encodeDenied,
	encodeSubscribed,
	encodeWelcome,
	PONG,
	RESUMED,
	type ClientControl
} from './control.ts';
import { looksLikeControl, parseControl } from './parse.ts';
import { parseServerFrame } from './server-frame.ts';

const asked: readonly ClientControl[] = [
	{ type: 'hello', caps: ['batch', 'epoch'] },
	{ type: 'ping' },
	{ type: 'subscribe', topic: 'a', ref: 1 },
	{ type: 'subscribe-batch', topics: ['a', 'b'], ref: 'x' },
	{ type: 'unsubscribe', topic: 'a' },
	{ type: 'resume', sessionId: 's', lastSeenSeqs: { a: 3 }, eps: { a: 'e1' } },
	{ type: 'reply', ref: 4, data: { ok: true } },
	{ type: 'reply', ref: 4, error: 'no' }
];

it.each(asked)('carries $type from a client to a server', (frame) => {
	const text = encodeClientControl(frame);
	expect(looksLikeControl(text)).toBe(true);
	expect(text).not.toMatch(/\s/);
	expect(parseControl(text)).toMatchObject(frame);
});

it('puts the type first, wherever it stood', () => {
	expect(encodeClientControl({ topic: 'a', type: 'unsubscribe' })).toBe('{"type":"unsubscribe","topic":"a"}');
});

it('writes no field that is not there', () => {
	expect(encodeClientControl({ type: 'subscribe', topic: 'a', ref: undefined })).toBe('{"type":"subscribe","topic":"a"}');
});

it('carries every answer from a server to a client', () => {
	expect(parseServerFrame(encodeWelcome('s1', 'e1', 16_384))).toEqual({
		type: 'welcome',
		sessionId: 's1',
		caps: ['ping', 'epoch'],
		ep: 'e1',
		maxPayloadLength: 16_384
	});
	expect(parseServerFrame(encodeSubscribed('a"', 1))).toEqual({ type: 'subscribed', topic: 'a"', ref: 1 });
	expect(parseServerFrame(encodeSubscribed('a', 'x', { epoch: 'e1', seq: 0 }))).toEqual({
		type: 'subscribed',
		topic: 'a',
		ref: 'x',
		position: { epoch: 'e1', seq: 0 }
	});
	expect(parseServerFrame(encodeDenied(7, 'x', 'no "way"'))).toEqual({
		type: 'subscribe-denied',
		topic: 7,
		ref: 'x',
		reason: 'no "way"'
	});
	expect(parseServerFrame(RESUMED)).toEqual({ type: 'resumed' });
	expect(parseServerFrame(PONG)).toEqual({ type: 'pong' });
});
