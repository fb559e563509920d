import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeBatch } from './envelope-codec.ts';
import { parseServerFrame } from './server-frame.ts';

it('reads an event with its place', () => {
	expect(parseServerFrame('{"topic":"a","event":"b","data":1,"seq":4,"ep":"e"}')).toEqual({
		type: 'events',
		envelopes: [{ topic: 'a', event: 'b', data: 1, position: { epoch: 'e', seq: 4 } }]
	});
});

it('reads a batch as its events, and leaves out what is none', () => {
	const frame = encodeBatch([
		'{"topic":"a","event":"b","data":1}',
		'{"topic":"a"}',
		'7',
		'null',
		'{"topic":"c","event":"d","data":null,"seq":1}'
	]);
	expect(parseServerFrame(frame)).toEqual({
		type: 'events',
		envelopes: [
			{ topic: 'a', event: 'b', data: 1 },
			{ topic: 'c', event: 'd', data: null, position: { epoch: '', seq: 1 } }
		]
	});
});

it('takes a frame with a topic and an event for an event, whatever else it carries', () => {
	expect(parseServerFrame('{"topic":"a","event":"b","data":1,"type":"pong"}')).toMatchObject({ type: 'events' });
});

it('leaves fields out that it does not know', () => {
	expect(parseServerFrame('{"topic":"a","event":"b","data":1,"later":2}')).toEqual({
		type: 'events',
		envelopes: [{ topic: 'a', event: 'b', data: 1 }]
	});
	expect(parseServerFrame('{"type":"subscribed","topic":"a","ref":1,"later":2}')).toEqual({
		type: 'subscribed',
		topic: 'a',
		ref: 1
	});
	expect(parseServerFrame('{"type":"resumed","later":2}')).toEqual({ type: 'resumed' });
});

it('reads a request', () => {
	expect(parseServerFrame('{"type":"request","ref":12,"event":"confirm"}')).toEqual({
		type: 'request',
		ref: 12,
		event: 'confirm',
		data: null
	});
});

it('reads the welcome of a server that says nothing but its session', () => {
	expect(parseServerFrame('{"type":"welcome","sessionId":"s","caps":"x","maxPayloadLength":-1}')).toEqual({
		type: 'welcome',
		sessionId: 's',
		caps: [],
		ep: '',
		maxPayloadLength: undefined
	});
});

it.each([
	'',
	'x',
	'null',
	'1',
	'[]',
	'{}',
	'{"type":"later"}',
	'{"type":"welcome","sessionId":1}',
	'{"type":"batch"}',
	'{"type":"batch","events":[]}',
	'{"type":"subscribed","topic":"a"}',
	'{"type":"request","ref":1}'
])('ignores %j', (text) => expect(parseServerFrame(text)).toBeUndefined());

it('never throws, whatever the text', () => {
	fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseServerFrame(text)));
});
