import { expect, it } from 'vitest';
import { settle, startCore } from '../../test/support/core.ts';
import type { ResolvedPressureOptions } from '../contract/options.ts';
import type { PressureSnapshot, TopicPublishRate } from '../contract/platform.ts';
import { LIMITS } from './limits.ts';

const OPTIONS: ResolvedPressureOptions = {
	memoryHeapUsedRatio: 0.85,
	publishRatePerSec: 100,
	subscriberRatio: 3,
	sampleIntervalMs: 1_000,
	topicPublishRatePerSec: 50,
	topicPublishBytesPerSec: 10_000
};

async function watched(options: Partial<ResolvedPressureOptions> = {}) {
	const memory = { heapUsed: 10, heapLimit: 100, resident: 52_428_800 };
	const server = await startCore({}, { pressure: { options: { ...OPTIONS, ...options }, memory: () => memory } });
	const publish = (times: number, topic = 't', data?: unknown): void => {
		for (let i = 0; i < times; i++) server.platform.publish(topic, 'e', data);
	};
	const warnings = (): string[] => server.log.lines.filter(([level]) => level === 'warn').map(([, message]) => message);
	return { ...server, memory, publish, warnings };
}

it('is at rest before the first sample, and where nothing is sampled', async () => {
	const { platform, clock } = await startCore();
	platform.publish('t', 'e');
	expect(clock.pending).toBe(0);
	expect(platform.pressure).toEqual({
		active: false,
		subscriberRatio: 0,
		publishRate: 0,
		memoryMB: 0,
		reason: 'NONE',
		topPublishers: []
	});
	expect((await watched()).platform.pressure).toEqual(platform.pressure);
});

it('measures rates over the time that has passed, and makes a frozen snapshot each time', async () => {
	const { platform, clock, publish, join } = await watched();
	const client = await join();
	client.say({ type: 'subscribe-batch', topics: ['a', 'b'] });
	publish(10, 'a', 'xx');
	clock.pass(2_000);
	const first = platform.pressure;
	expect(first).toMatchObject({ active: false, reason: 'NONE', subscriberRatio: 2, publishRate: 5, memoryMB: 50 });
	expect(first.topPublishers).toEqual([
		{ topic: 'a', messagesPerSec: 5, bytesPerSec: 5 * '{"topic":"a","event":"e","data":"xx"'.length }
	]);
	expect([first, first.topPublishers, first.topPublishers[0]].every(Object.isFrozen)).toBe(true);
	clock.pass(1_000);
	expect(platform.pressure).not.toBe(first);
	expect(platform.pressure).toMatchObject({ publishRate: 0, topPublishers: [] });
});

it('names the five busiest topics', async () => {
	const { platform, clock, publish } = await watched({ publishRatePerSec: false });
	for (let n = 1; n <= 8; n++) publish(n, `t${n}`);
	clock.pass(1_000);
	expect(platform.pressure.topPublishers.map(({ topic }) => topic)).toEqual(['t8', 't7', 't6', 't5', 't4']);
});

it('gives the first reason that holds, from its limit on, and calls back when it changes', async () => {
	const { platform, clock, publish, memory, join } = await watched({
		topicPublishRatePerSec: false,
		topicPublishBytesPerSec: false
	});
	const seen: PressureSnapshot['reason'][] = [];
	const end = platform.onPressure(({ reason }) => seen.push(reason));
	const client = await join();
	client.say({ type: 'subscribe-batch', topics: ['a', 'b'] });
	clock.pass(1_000);
	client.say({ type: 'subscribe', topic: 'c' });
	clock.pass(1_000);
	publish(100);
	clock.pass(1_000);
	publish(100);
	memory.heapUsed = 85;
	clock.pass(1_000);
	clock.pass(1_000);
	expect(platform.pressure).toMatchObject({ active: true, reason: 'MEMORY' });
	memory.heapUsed = 84;
	client.leave();
	clock.pass(1_000);
	expect(seen).toEqual(['SUBSCRIBERS', 'PUBLISH_RATE', 'MEMORY', 'NONE']);
	end();
	publish(100);
	clock.pass(1_000);
	expect(platform.pressure.reason).toBe('PUBLISH_RATE');
	expect(seen).toHaveLength(4);
});

it('knows no reason that is switched off', async () => {
	const { platform, clock, publish, memory } = await watched({ memoryHeapUsedRatio: false, publishRatePerSec: false });
	memory.heapUsed = 100;
	publish(1_000);
	clock.pass(1_000);
	expect(platform.pressure).toMatchObject({ active: false, reason: 'NONE', publishRate: 1_000 });
});

it('warns once a minute of a topic that is published too often or too large', async () => {
	const { clock, publish, warnings } = await watched();
	publish(50, 'often');
	publish(2, 'large', 'x'.repeat(5_000));
	publish(49, 'fine');
	clock.pass(1_000);
	expect(warnings()).toHaveLength(2);
	expect(warnings()[0]).toMatch(/^"often" is published 50 times and with \d+ bytes a second\./);
	for (let second = 0; second < 59; second++) {
		publish(50, 'often');
		clock.pass(1_000);
	}
	expect(warnings()).toHaveLength(2);
	publish(50, 'often');
	clock.pass(1_000);
	expect(warnings()).toHaveLength(3);
});

it('remembers a bounded number of topics that it warned of, and forgets the oldest', async () => {
	const { platform, clock, warnings } = await watched({ publishRatePerSec: false, topicPublishRatePerSec: 1 });
	for (let n = 0; n <= LIMITS.runawayTopics; n++) platform.publish(`t${n}`, 'e', null, { seq: false });
	clock.pass(1_000);
	expect(warnings()).toHaveLength(LIMITS.runawayTopics + 1);
	for (const topic of ['t1', 't0']) platform.publish(topic, 'e', null, { seq: false });
	clock.pass(1_000);
	expect(warnings().slice(LIMITS.runawayTopics + 1)).toEqual([expect.stringMatching(/^"t0" is published/)]);
});

it('hands such topics to whoever listens instead, in each interval', async () => {
	const { platform, clock, publish, warnings } = await watched();
	const seen: string[][] = [];
	const end = platform.onPublishRate((topics: readonly TopicPublishRate[]) => seen.push(topics.map(({ topic }) => topic)));
	for (let second = 0; second < 2; second++) {
		publish(50, 'a');
		publish(50, 'b');
		clock.pass(1_000);
	}
	clock.pass(1_000);
	expect(seen).toEqual([
		['a', 'b'],
		['a', 'b']
	]);
	expect(warnings()).toEqual([]);
	end();
	publish(50, 'a');
	clock.pass(1_000);
	expect(warnings()).toHaveLength(1);
});

it('reports a listener that throws, and calls the others', async () => {
	const { platform, clock, publish } = await watched();
	const seen: string[] = [];
	const fail = (): never => {
		throw new Error('no');
	};
	platform.onPressure(fail);
	platform.onPressure(({ reason }) => seen.push(reason));
	platform.onPublishRate(fail);
	platform.onPublishRate((topics) => seen.push(topics[0]!.topic));
	publish(100);
	clock.pass(1_000);
	expect(seen).toEqual(['PUBLISH_RATE', 't']);
	expect(platform.assertions.get('hook.pressure')).toBe(2);
});

it('counts no topic by itself when both limits of topics are off', async () => {
	const { platform, clock, publish } = await watched({ topicPublishRatePerSec: false, topicPublishBytesPerSec: false });
	publish(10);
	clock.pass(1_000);
	expect(platform.pressure).toMatchObject({ publishRate: 10, topPublishers: [] });
});

it('counts a bounded number of topics, and everything for the whole', async () => {
	const { platform, clock } = await watched({ publishRatePerSec: false, topicPublishRatePerSec: 2 });
	const last = `t${LIMITS.countedTopics}`;
	for (let n = 0; n <= LIMITS.countedTopics; n++) platform.publish(`t${n}`, 'e', null, { seq: false });
	for (let n = 0; n < 10; n++) platform.publish(last, 'e', null, { seq: false });
	const seen: string[] = [];
	platform.onPublishRate((topics) => seen.push(...topics.map(({ topic }) => topic)));
	clock.pass(1_000);
	expect(seen).toEqual([]);
	expect(platform.pressure.publishRate).toBe(LIMITS.countedTopics + 11);
});

it('looks ten times a second at most, and not at all once the server has stopped', async () => {
	const { core, platform, clock, publish } = await watched({ sampleIntervalMs: 1 });
	publish(1);
	clock.pass(99);
	expect(platform.pressure.publishRate).toBe(0);
	clock.pass(1);
	expect(platform.pressure.publishRate).toBe(10);
	await core[Symbol.asyncDispose]();
	expect(clock.pending).toBe(0);
});

it('reports a listener that rejects', async () => {
	const { platform, clock, publish, log } = await watched();
	platform.onPressure((async () => Promise.reject(new Error('pressure'))) as () => void);
	platform.onPublishRate((async () => Promise.reject(new Error('rate'))) as () => void);
	publish(200);
	clock.pass(1_000);
	await settle();
	expect(log.lines.map(([, message]) => message)).toEqual(Array(2).fill('The pressure failed; nobody else is affected.'));
});
