import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { emptyApp } from '../define/app.ts';
import { define } from '../define/definition.ts';
import { live } from '../define/live.ts';
import { standard } from '../features/standard.ts';
import type { Host } from './host.ts';
import { Invariants } from './invariants.ts';

it('counts, measures and says what does not hold, and throws where a test should fail of it', () => {
	const app = emptyApp();
	const violated = vi.fn();
	app.metrics = { call() {}, follows() {}, cron() {}, forgot() {}, violated };
	const say = vi.fn<(error: Error) => void>();
	const invariants = new Invariants({ app, say, throws: false });
	invariants.violated('realtime/calls', { calls: -1 });
	invariants.violated('realtime/calls', { calls: -2 });
	expect([...invariants.counts]).toEqual([['realtime/calls', 2]]);
	expect(violated.mock.calls).toEqual([['realtime/calls'], ['realtime/calls']]);
	expect(say.mock.calls[0]![0].message).toBe('assertion violated {"category":"realtime/calls","context":{"calls":-1}}');
	expect(() => new Invariants({ app, say, throws: true }).violated('realtime/calls', {})).toThrow('assertion violated');
});

it('notices when the books of a server do not add up', async () => {
	const held = Promise.withResolvers<void>();
	let host!: Host;
	const probe = define({ kind: 'probe' });
	const feature = { kind: 'probe', install: (given: Host) => ((host = given), { [Symbol.dispose]() {} }) };
	await using server = await createRuntime({ 'm/held': live(() => held.promise), 'm/probe': probe as never }, undefined, {
		features: [...standard, feature as never],
		throwsAssertions: false
	});
	const client = await server.connect('ida');
	const reply = client.ask({ rpc: 'm/held', id: '1' });
	const [ws] = server.connections;
	await vi.waitFor(() => expect(host.scope(ws!).calls).toBe(1));
	host.scope(ws!).calls = 0;
	held.resolve();
	expect(await reply).toMatchObject({ ok: true });
	expect([...server.runtime.assertions]).toEqual([['realtime/calls', 1]]);
	expect(server.errors).toEqual([['assertion', expect.objectContaining({ message: expect.stringContaining('{"calls":-1}') })]]);
});
