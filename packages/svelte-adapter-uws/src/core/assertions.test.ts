import { expect, it } from 'vitest';
import { settle, startCore } from '../../test/support/core.ts';
import { memoryLog, memoryTelemetry } from '../../test/support/log.ts';
import { Assertions } from './assertions.ts';

it('counts and logs a broken invariant as one line of JSON', () => {
	const log = memoryLog();
	const telemetry = memoryTelemetry();
	const assertions = new Assertions(log, telemetry, false);
	assertions.violated('subs.not-joined', { topic: 't' });
	assertions.violated('subs.not-joined', { topic: 'u' });
	expect(log.lines[0]).toEqual(['error', 'assertion violated {"category":"subs.not-joined","context":{"topic":"t"}}']);
	expect([...assertions.counts]).toEqual([['subs.not-joined', 2]]);
	expect(telemetry.names()).toEqual(['assertion.violated', 'assertion.violated']);
});

it('throws it too where tests run', () => {
	const assertions = new Assertions(memoryLog(), memoryTelemetry(), true);
	expect(() => assertions.violated('ws.x', {})).toThrow('assertion violated {"category":"ws.x","context":{}}');
	expect(assertions.counts.get('ws.x')).toBe(1);
});

it('counts the failures of hooks, which never throw', async () => {
	const { platform, join } = await startCore({
		message: () => {
			throw new Error('no');
		},
		close: () => Promise.reject(new Error('no'))
	});
	const { assertions } = platform;
	expect(assertions.size).toBe(0);
	const client = await join();
	client.say('a');
	client.say('b');
	client.leave();
	await settle();
	expect([...assertions]).toEqual([
		['hook.message', 2],
		['hook.close', 1]
	]);
});

it('reports what another node relayed and nobody can read', async () => {
	let receive: ((messages: readonly { topic: string; head: string }[]) => void) | undefined;
	const { platform } = await startCore(
		{},
		{
			options: { throwsAssertions: false },
			bus: { start: async (take) => ((receive = take), { [Symbol.asyncDispose]: async () => {} }), relay: () => {} }
		}
	);
	using _tap = platform.tap(() => {});
	receive!([{ topic: 't', head: '{"topic' }]);
	expect(platform.assertions.get('relay.unreadable')).toBe(1);
});
