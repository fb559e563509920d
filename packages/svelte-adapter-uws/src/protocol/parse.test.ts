import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exceedsBytes, looksLikeControl, parseControl } from './parse.ts';

it('reads every control frame of the protocol', () => {
	expect(parseControl('{"type":"hello","caps":["batch",1,"epoch"]}')).toEqual({ type: 'hello', caps: ['batch', 'epoch'] });
	expect(parseControl('{"type":"subscribe","topic":"a","ref":1}')).toEqual({ type: 'subscribe', topic: 'a', ref: 1 });
	expect(parseControl('{"type":"subscribe-batch","topics":["a",1],"ref":"x"}')).toEqual({
		type: 'subscribe-batch',
		topics: ['a', 1],
		ref: 'x'
	});
	expect(parseControl('{"type":"unsubscribe","topic":"a"}')).toEqual({ type: 'unsubscribe', topic: 'a' });
	expect(parseControl('{"type":"resume","sessionId":"s","lastSeenSeqs":{"a":1}}')).toEqual({
		type: 'resume',
		sessionId: 's',
		lastSeenSeqs: { a: 1 },
		eps: {}
	});
	expect(parseControl('{"type":"reply","ref":1,"data":2}')).toEqual({ type: 'reply', ref: 1, data: 2, error: undefined });
});

it.each([
	'{"type":"subscribe","topic":1}',
	'{"type":"hello","caps":1}',
	'{"type":"nope"}',
	'{"type":"reply","data":1}',
	'{"type":"resume","sessionId":"s"}',
	'{"ty',
	'null',
	'1',
	'"x"',
	'[]'
])('leaves %s to the application', (text) => expect(parseControl(text)).toBeUndefined());

it.each(['{}', 'null', 'true', '1e999', JSON.stringify('r'.repeat(257))])(
	'treats a ref that cannot be echoed as none: %s',
	(ref) => {
		expect(parseControl(`{"type":"subscribe","topic":"a","ref":${ref}}`)).toEqual({
			type: 'subscribe',
			topic: 'a',
			ref: undefined
		});
	}
);

it('leaves control frames of 8,192 bytes to the application, and takes long replies', () => {
	const pad = (bytes: number) => `{"type":"subscribe","topic":"${'a'.repeat(bytes - 31)}"}`;
	expect(pad(8191)).toHaveLength(8191);
	expect(parseControl(pad(8191))).toBeDefined();
	expect(parseControl(pad(8192))).toBeUndefined();
	expect(parseControl(`{"type":"reply","ref":1,"data":"${'a'.repeat(10_000)}"}`)).toBeDefined();
});

it('leaves fields out that it does not know', () => {
	expect(parseControl('{"type":"subscribe","topic":"a","ref":1,"later":{"x":1}}')).toEqual({
		type: 'subscribe',
		topic: 'a',
		ref: 1
	});
	expect(parseControl('{"type":"ping","at":5}')).toEqual({ type: 'ping' });
});

it('never throws, whatever the text', () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				fc.json(),
				fc.json().map((json) => `{"type":${json}}`)
			),
			(text) => {
				looksLikeControl(text);
				parseControl(text);
			}
		)
	);
});

it('counts UTF-8 bytes as an encoder does', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary' }), fc.nat(60), (text, limit) => {
			expect(exceedsBytes(text, limit)).toBe(new TextEncoder().encode(text).length > limit);
		})
	);
});
