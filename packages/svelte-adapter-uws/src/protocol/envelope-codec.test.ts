import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeEncoded, encodeData, encodeFrame, encodePrefix, toEnvelope } from './envelope-codec.ts';

const encode = (topic: string, event: string, data: unknown, seq?: number) => ({
	topic,
	head: encodePrefix(topic, event) + encodeData(data),
	...(seq === undefined ? {} : { position: { epoch: 'e1', seq } })
});

it('writes the fields in the order of the protocol', () => {
	expect(encodeFrame(encode('a', 'b', { c: 1 }, 7), false)).toBe('{"topic":"a","event":"b","data":{"c":1},"seq":7}');
	expect(encodeFrame(encode('a', 'b', { c: 1 }, 7), true)).toBe('{"topic":"a","event":"b","data":{"c":1},"seq":7,"ep":"e1"}');
	expect(encodeFrame(encode('a', 'b', undefined), true)).toBe('{"topic":"a","event":"b","data":null}');
});

it('gives back what was put in', () => {
	fc.assert(
		fc.property(fc.jsonValue(), fc.option(fc.nat(), { nil: undefined }), (data, seq) => {
			const encoded = encode('t', 'e', data, seq);
			const sent: unknown = JSON.parse(encodeFrame(encoded, true));
			expect(toEnvelope(sent)).toEqual(decodeEncoded(encoded));
			expect(decodeEncoded(encoded).data).toEqual(JSON.parse(JSON.stringify(data)));
		})
	);
});

it.each(['a"b', 'a\\b', 'a\nb', '\u0000'])('refuses the name %j with its place', (name) => {
	expect(() => encodePrefix(name, 'e')).toThrow(TypeError);
	expect(() => encodePrefix('t', name)).toThrow(/event/);
});

it('refuses data that JSON cannot carry', () => {
	const cycle: unknown[] = [];
	cycle.push(cycle);
	expect(() => encodeData(cycle)).toThrow(TypeError);
	expect(() => encodeData(1n)).toThrow(TypeError);
});

it('writes null for what JSON leaves out', () => {
	expect([undefined, () => 1, Symbol('s')].map(encodeData)).toEqual(['null', 'null', 'null']);
});

it.each([null, 1, {}, { topic: '', event: 'x' }, { topic: 'a' }, { topic: 'a', event: 1 }])(
	'takes %j for no envelope',
	(value) => {
		expect(toEnvelope(value)).toBeUndefined();
	}
);
