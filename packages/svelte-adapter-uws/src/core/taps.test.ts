import { expect, it } from 'vitest';
import { settle } from '../../test/support/core.ts';
import { memoryLog, memoryTelemetry } from '../../test/support/log.ts';
import { Taps } from './taps.ts';

function taps() {
	const failures: unknown[] = [];
	const log = memoryLog();
	const telemetry = memoryTelemetry();
	return { taps: new Taps((_where, error) => failures.push(error), log, telemetry), failures, log, telemetry };
}
const envelope = (event: string) => ({ topic: 't', event, data: null });

it('shows every envelope to every tap, in one order, whatever taps publish', () => {
	const here = taps();
	const seen: string[] = [];
	here.taps.add(({ event }) => {
		seen.push(`a${event}`);
		if (event === '1') here.taps.run(envelope('2'), 'local');
	});
	here.taps.add(({ event }) => seen.push(`b${event}`));
	here.taps.run(envelope('1'), 'local');
	expect(seen).toEqual(['a1', 'b1', 'a2', 'b2']);
});

it('goes on after a tap that throws, and reports it', () => {
	const here = taps();
	const seen: string[] = [];
	here.taps.add(() => {
		throw null;
	});
	here.taps.add((_, origin) => seen.push(origin));
	here.taps.run(envelope('1'), 'remote');
	here.taps.run(envelope('2'), 'local');
	expect(seen).toEqual(['remote', 'local']);
	expect(here.failures).toEqual([null, null]);
});

it('stops with its disposal, also in the middle of an envelope', () => {
	const here = taps();
	const seen: string[] = [];
	const first = here.taps.add(() => second[Symbol.dispose]());
	const second = here.taps.add(() => seen.push('second'));
	here.taps.run(envelope('1'), 'local');
	expect(seen).toEqual([]);
	expect(here.taps.want('t')).toBe(true);
	first[Symbol.dispose]();
	expect(here.taps.want('t')).toBe(false);
});

it('tells a tap that is added by a tap of later envelopes only', () => {
	const here = taps();
	const seen: string[] = [];
	const first = here.taps.add(() => {
		first[Symbol.dispose]();
		here.taps.add(({ event }) => seen.push(event));
	});
	here.taps.run(envelope('1'), 'local');
	here.taps.run(envelope('2'), 'local');
	expect(seen).toEqual(['2']);
});

it('ends the same function twice when it was added twice', () => {
	const here = taps();
	let seen = 0;
	const tap = () => void seen++;
	const one = here.taps.add(tap);
	here.taps.add(tap);
	one[Symbol.dispose]();
	one[Symbol.dispose]();
	here.taps.run(envelope('1'), 'local');
	expect(seen).toBe(1);
});

it('ends a tap that answers its own events, and says so', () => {
	const here = taps();
	let seen = 0;
	here.taps.add(() => {
		seen++;
		here.taps.run(envelope('again'), 'local');
	});
	here.taps.run(envelope('1'), 'local');
	expect(seen).toBe(10_000);
	expect(here.telemetry.names()).toEqual(['limit.tapCascade']);
	expect(here.log.lines[0]![1]).toMatch(/"again" on "t"/);
	here.taps.run(envelope('2'), 'local');
	expect(seen).toBe(20_000);
});

it('shows a tap only the topics that it wants', () => {
	const here = taps();
	const seen: string[] = [];
	here.taps.add(
		({ topic }) => seen.push(topic),
		(topic) => {
			if (topic === 'broken') throw new Error('filter');
			return topic === 't';
		}
	);
	expect([here.taps.want('t'), here.taps.want('u'), here.taps.want('broken')]).toEqual([true, false, false]);
	here.taps.run(envelope('1'), 'local');
	here.taps.run({ topic: 'u', event: '2', data: null }, 'local');
	expect(seen).toEqual(['t']);
	expect(here.failures).toEqual([new Error('filter')]);
});

it('reports a tap that rejects, and takes a filter that answers later for no', async () => {
	const here = taps();
	let seen = 0;
	here.taps.add(async () => Promise.reject(new Error('later')));
	here.taps.add(() => void seen++, (async () => Promise.reject(new Error('filter'))) as never);
	here.taps.run(envelope('1'), 'local');
	await settle();
	expect(seen).toBe(0);
	expect(here.failures).toEqual([
		new TypeError('The filter of a tap is a promise, which must be there at once. Await it before you hand it over.'),
		new Error('later')
	]);
});
