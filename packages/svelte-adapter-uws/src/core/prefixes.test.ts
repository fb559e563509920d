import { expect, it } from 'vitest';
import { LIMITS } from './limits.ts';
import { Prefixes } from './prefixes.ts';

it('gives the text up to the data, again and again', () => {
	const prefixes = new Prefixes();
	for (let i = 0; i < 2; i++) {
		expect(prefixes.get('a', 'x')).toBe('{"topic":"a","event":"x","data":');
		expect(prefixes.get('a', 'y')).toBe('{"topic":"a","event":"y","data":');
		expect(prefixes.get('b', 'x')).toBe('{"topic":"b","event":"x","data":');
	}
});

it('refuses a bad name every time, also a number that equals a name', () => {
	const prefixes = new Prefixes();
	for (let i = 0; i < 2; i++) expect(() => prefixes.get('a"', 'x')).toThrow(TypeError);
	prefixes.get('1', 'x');
	expect(() => prefixes.get(1 as unknown as string, 'x')).toThrow(/topic/);
});

it('stays right when there are more names than it keeps', () => {
	const prefixes = new Prefixes();
	const check = (topic: string, event: string) =>
		expect(prefixes.get(topic, event)).toBe(`{"topic":"${topic}","event":"${event}","data":`);
	for (let round = 0; round < 2; round++) {
		for (let i = 0; i < LIMITS.prefixesPerTopic * 3; i++) check('t', `e${i}`);
		for (let i = 0; i < LIMITS.prefixTopics + 10; i++) check(`t${i}`, 'e');
	}
});
