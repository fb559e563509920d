import { expect, it } from 'vitest';
import { memoryLog, memoryTelemetry } from '../../test/support/log.ts';
import { Sequencer } from './sequencer.ts';

it('counts each topic by itself, from 1, in one epoch', () => {
	const sequencer = new Sequencer('e1', memoryLog(), memoryTelemetry());
	expect([sequencer.next('a'), sequencer.next('b'), sequencer.next('a')]).toEqual([
		{ epoch: 'e1', seq: 1 },
		{ epoch: 'e1', seq: 1 },
		{ epoch: 'e1', seq: 2 }
	]);
});

it('says once that there are too many topics, names the busiest, and goes on', () => {
	const log = memoryLog();
	const telemetry = memoryTelemetry();
	const sequencer = new Sequencer('e1', log, telemetry);
	for (let i = 0; i < 3; i++) sequencer.next('busy\n');
	for (let i = 0; i < 1_000_002; i++) sequencer.next(`t${i}`);
	expect(log.lines).toHaveLength(1);
	expect(log.lines[0]![1]).toMatch(/"busy\\n" \(3\)/);
	expect(telemetry.names()).toEqual(['limit.sequencedTopics']);
	expect(sequencer.next('t1000001').seq).toBe(2);
});
