import { expect, it } from 'vitest';
import { TestClock } from '../../test/support/clock.ts';
import { memoryLog, memoryTelemetry } from '../../test/support/log.ts';
import { settle } from '../../test/support/core.ts';
import { Assertions } from './assertions.ts';
import { createReport, isolate, isThenable } from './isolation.ts';

const throwing = (error: unknown) => () => {
	throw error;
};

it.each([
	['throws', throwing(new Error('no'))],
	['throws null', throwing(null)],
	['rejects', () => Promise.reject(new Error('no'))],
	['gives a thenable whose then throws', () => ({ then: throwing(new Error('no')) })],
	['gives a thenable that rejects', () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(null) })]
])('reports a hook that %s, once, and lets nothing out', async (_name, run) => {
	const failures: unknown[] = [];
	isolate(run, (error) => failures.push(error));
	await settle();
	expect(failures).toHaveLength(1);
});

it.each([
	['nothing', () => undefined],
	['a promise that never settles', () => new Promise(() => {})],
	['an object whose then is a getter that throws', () => Object.defineProperty({}, 'then', { get: throwing(new Error('no')) })]
])('has nothing to report of a hook that gives %s', async (_name, run) => {
	const failures: unknown[] = [];
	isolate(run, (error) => failures.push(error));
	await settle();
	expect(failures).toEqual([]);
});

it('waits for what has a then, and for nothing else', () => {
	expect([Promise.resolve(), { then() {} }, {}, null, undefined, 'then', { then: 1 }].map(isThenable)).toEqual([
		true,
		true,
		false,
		false,
		false,
		false,
		false
	]);
});

it('counts every failure, logs 20 of one hook in 10 seconds, and then says how many were left out', () => {
	const clock = new TestClock();
	const log = memoryLog();
	const telemetry = memoryTelemetry();
	const assertions = new Assertions(log, telemetry, true);
	const report = createReport({ clock, log, telemetry, assertions });
	for (let i = 0; i < 30; i++) report('message', i, 'req-1');
	report('open', null);
	expect(log.lines).toHaveLength(21);
	expect(log.lines[0]).toEqual(['error', 'The message hook failed (request req-1); nobody else is affected.', 0]);
	clock.pass(10_000);
	report('message', 'late');
	expect(log.lines.at(-1)![1]).toBe('The message hook failed; nobody else is affected. 10 earlier failures were not logged.');
	expect(telemetry.events).toHaveLength(32);
	expect(telemetry.events[0]).toEqual({ name: 'hook.failed', labels: { hook: 'message' } });
});
