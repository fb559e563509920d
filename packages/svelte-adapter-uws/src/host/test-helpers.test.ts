import { expect, it } from 'vitest';
import {
	collapseByCoalesceKey,
	completeEnvelope,
	createScopedTopic,
	esc,
	isValidWireTopic,
	resolveRequestId,
	wrapBatchEnvelope
} from '../testing.ts';

it('writes names and envelopes as a server does', () => {
	expect([esc(''), esc('a b'), esc('é')]).toEqual(['""', '"a b"', '"é"']);
	for (const name of ['a"b', 'a\\b', 'a\nb']) expect(() => esc(name)).toThrow(TypeError);
	const prefix = `{"topic":${esc('t')},"event":${esc('e')},"data":`;
	expect(completeEnvelope(prefix, undefined)).toBe('{"topic":"t","event":"e","data":null}');
	expect(completeEnvelope(prefix, { a: 1 }, 7)).toBe('{"topic":"t","event":"e","data":{"a":1},"seq":7}');
	expect(wrapBatchEnvelope(['{}', '{}'])).toBe('{"type":"batch","events":[{},{}]}');
});

it('knows topics and request ids', () => {
	expect(['a', '', 'x'.repeat(257), 'a"b', 7, 'é'].map((topic) => isValidWireTopic(topic))).toEqual([
		true,
		false,
		false,
		false,
		false,
		false
	]);
	expect(isValidWireTopic('é', true)).toBe(true);
	expect([' a1 ', '', 'a b', 'x'.repeat(129), 7, null].map(resolveRequestId)).toEqual(['a1', null, null, null, null, null]);
});

it('binds a topic to a publish, and collapses by key', () => {
	const published: unknown[][] = [];
	const topic = createScopedTopic((...call) => published.push(call) > 0, 't');
	expect(topic.publish('e')).toBe(true);
	topic.created(1);
	topic.increment();
	topic.decrement(2);
	expect(published).toEqual([
		['t', 'e', undefined],
		['t', 'created', 1],
		['t', 'increment', 1],
		['t', 'decrement', 2]
	]);
	const none = [{ topic: 't', event: 'e' }];
	expect(collapseByCoalesceKey(none)).toBe(none);
	const list = ['k', 'l', 'k'].map((coalesceKey, data) => ({ topic: 't', event: 'e', data, coalesceKey }));
	expect(collapseByCoalesceKey(list).map(({ data }) => data)).toEqual([1, 2]);
	expect(list).toHaveLength(3);
});
