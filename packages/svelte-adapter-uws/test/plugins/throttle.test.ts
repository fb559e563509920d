import { expect, it } from 'vitest';
import type { Platform } from '../../src/contract/platform.ts';
import { debounce, throttle, type Limiter, type LimiterOptions } from '../../src/plugins/throttle.ts';
import { TestClock } from '../support/clock.ts';

function start(kind: typeof throttle, ms: number, options: LimiterOptions = {}) {
	const clock = new TestClock();
	const sent: [number, string, unknown][] = [];
	const publish: Platform['publish'] = (topic, event, data) => {
		if (event === 'bad') throw new TypeError('bad');
		sent.push([clock.now(), `${topic} ${event}`, data]);
		return true;
	};
	const limiter: Limiter = kind(ms, { clock, ...options });
	const say = (data: unknown, topic = 't'): void => limiter.publish({ publish } as Platform, topic, 'x', data);
	return { clock, sent, limiter, say, platform: { publish } as Platform };
}

it('throttle: publishes the first value at once, then the latest once an interval, and rests after one without calls', () => {
	const { clock, sent, say, limiter } = start(throttle, 100);
	const value = { n: 2 };
	say(1);
	say(value);
	value.n = 3;
	clock.pass(50);
	say(4);
	clock.pass(50);
	say(5);
	clock.pass(100);
	clock.pass(100);
	expect(clock.pending).toBe(0);
	say(6);
	expect(sent).toEqual([
		[0, 't x', 1],
		[100, 't x', 4],
		[200, 't x', 5],
		[300, 't x', 6]
	]);
	expect(limiter.interval).toBe(100);
});

it('debounce: publishes the latest value after a pause', () => {
	const { clock, sent, say } = start(debounce, 100);
	const value = { n: 1 };
	say(0);
	clock.pass(60);
	say(value);
	value.n = 2;
	clock.pass(60);
	expect(sent).toEqual([]);
	clock.pass(40);
	expect(sent).toEqual([[160, 't x', { n: 1 }]]);
	expect(clock.pending).toBe(0);
});

it('flushes and cancels one topic or all', () => {
	for (const kind of [throttle, debounce]) {
		const { clock, sent, say, limiter } = start(kind, 100);
		for (const topic of ['a', 'b', 'c']) for (const n of [1, 2]) say(n, topic);
		sent.length = 0;
		limiter.flush('a');
		limiter.cancel('b');
		limiter.flush('nothing');
		expect(sent).toEqual([[0, 'a x', 2]]);
		limiter.flush();
		expect(sent[1]).toEqual([0, 'c x', 2]);
		say(3, 'a');
		limiter.cancel();
		clock.pass(100);
		clock.pass(100);
		expect([sent.length, clock.pending]).toEqual([2, 0]);
	}
});

it('flushes the first topic when there is one too many', () => {
	const { sent, say, clock } = start(debounce, 100, { maxTopics: 2 });
	for (const topic of ['a', 'b', 'c']) say(topic, topic);
	expect(sent).toEqual([[0, 'a x', 'a']]);
	expect(clock.pending).toBe(2);
});

it('lets everything pass without an interval', () => {
	const { sent, say, clock } = start(throttle, 0);
	for (const n of [1, 2]) say(n);
	expect([sent.length, clock.pending]).toEqual([2, 0]);
});

it('refuses bad topics, data and options, and survives a publish that fails later', () => {
	const errors: unknown[] = [];
	const { say, limiter, platform, clock } = start(debounce, 10, { maxTopicLength: 3, onError: (error) => errors.push(error) });
	for (const topic of ['', 'long', 5 as never]) expect(() => say(1, topic)).toThrow('debounce: topic: got ');
	expect(() => say(1n)).toThrow(TypeError);
	limiter.publish(platform, 't', 'bad');
	clock.pass(10);
	expect(errors).toEqual([new TypeError('bad')]);
	for (const ms of [-1, NaN, Infinity]) expect(() => throttle(ms)).toThrow('throttle: ms: got ');
	for (const options of [{ maxTopics: 0 }, { maxTopicLength: 0 }])
		expect(() => debounce(1, options)).toThrow(/^debounce: \w+: got 0/);
});
