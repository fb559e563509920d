import { expect, it } from 'vitest';
import { TestClock } from '../../test/support/clock.ts';
import { memoryLog, memoryTelemetry } from '../../test/support/log.ts';
import { SizeWarning } from './size-warning.ts';

it('counts every oversized event and logs one a minute', () => {
	const clock = new TestClock();
	const log = memoryLog();
	const telemetry = memoryTelemetry();
	const warning = new SizeWarning(clock, log, telemetry);
	warning.warn('a\n', 'e', 2_000_000);
	warning.warn('b', 'e', 2_000_000);
	clock.pass(60_000);
	warning.warn('c', 'e', 2_000_000);
	expect(log.lines.map(([, message]) => message.slice(0, 20))).toEqual(['"e" on "a\\n" has 200', '"e" on "c" has 20000']);
	expect(telemetry.names()).toEqual(Array(3).fill('limit.frameSize'));
});
