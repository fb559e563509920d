import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isReservedTopic, isTopic, isWireTopic } from './topic.ts';

it('accepts 1 to 256 printable characters', () => {
	for (const topic of ['a', 'board:1/x', 'a'.repeat(256)]) expect(isWireTopic(topic)).toBe(true);
	for (const topic of ['', 'a'.repeat(257), 'a"', 'a\\', 'a\n', 'é', 1, null]) expect(isWireTopic(topic)).toBe(false);
	expect(isWireTopic('é', true)).toBe(true);
	expect(isTopic('é')).toBe(true);
});

it('never accepts a name that JSON would have to escape', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary-ascii' }), (topic) => {
			if (isWireTopic(topic, true)) expect(JSON.stringify(topic)).toBe(`"${topic}"`);
		})
	);
});

it('knows the names of the framework', () => {
	expect([isReservedTopic('__rpc'), isReservedTopic('_x'), isReservedTopic('a__')]).toEqual([true, false, false]);
});
