import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { live } from '../define/live.ts';
import { DEFAULT_LIMITS } from '../shared/limits.ts';

/** A stream whose loads are settled by the test, in the order of their requests. */
async function held() {
	const loads: PromiseWithResolvers<unknown>[] = [];
	const calls: string[] = [];
	const stream = live.stream(
		't',
		() => {
			const load = Promise.withResolvers();
			loads.push(load);
			return load.promise;
		},
		{ onSubscribe: () => void calls.push('in'), onUnsubscribe: (_ctx, _topic, remaining) => void calls.push(`out ${remaining}`) }
	);
	const server = await createRuntime({ 'm/s': stream, 'm/other': live.stream('t', () => []) });
	const client = await server.connect();
	/** Requests without waiting for the reply. */
	const request = async (id: string) => {
		const count = loads.length;
		client.say({ rpc: 'm/s', id, stream: true });
		await vi.waitFor(() => expect(loads).toHaveLength(count + 1));
	};
	const reply = (id: string) =>
		vi.waitFor(() => client.frames.find((frame) => frame.event === id)?.data ?? Promise.reject(new Error(`no reply to ${id}`)));
	return { server, client, loads, calls, request, reply, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

it('keeps a stream while one of several requests for it stands', async () => {
	await using test = await held();
	await test.request('1');
	await test.request('2');
	test.loads[1]!.resolve([]);
	expect(await test.reply('2')).toMatchObject({ ok: true });
	test.loads[0]!.reject(new Error('late'));
	expect(await test.reply('1')).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect([test.server.platform.subscribers('t'), test.calls]).toEqual([1, ['in']]);
});

it('leaves a topic once every request for it has failed', async () => {
	await using test = await held();
	await test.request('1');
	await test.request('2');
	test.loads[0]!.reject(new Error('one'));
	await test.reply('1');
	expect(test.server.platform.subscribers('t')).toBe(1);
	test.loads[1]!.reject(new Error('two'));
	await test.reply('2');
	expect([test.server.platform.subscribers('t'), test.calls]).toEqual([0, ['in', 'out 0']]);
});

it('does not grant what was left while it was loaded, and keeps what was asked for since', async () => {
	await using test = await held();
	await test.request('1');
	test.client.say({ type: 'unsubscribe', topic: 't' });
	await test.request('2');
	test.loads[0]!.resolve([]);
	expect(await test.reply('1')).toMatchObject({ ok: false, code: 'CANCELLED' });
	test.loads[1]!.resolve([]);
	expect(await test.reply('2')).toMatchObject({ ok: true });
	expect([test.server.platform.subscribers('t'), test.calls]).toEqual([1, ['in', 'out 0', 'in']]);
});

it('takes back one of two streams on a topic, and stays on it for the other', async () => {
	await using test = await held();
	await test.client.ask({ rpc: 'm/other', id: 'o', stream: true });
	const max = await test.server.connect();
	await max.ask({ rpc: 'm/other', id: 'o', stream: true });
	await test.request('1');
	test.loads[0]!.reject(new Error('no'));
	await test.reply('1');
	expect([test.server.platform.subscribers('t'), test.calls]).toEqual([2, ['in', 'out 1']]);
});

it('notices at the next request that a topic was left, where no hook has said so', async () => {
	await using test = await held();
	await test.request('1');
	test.loads[0]!.resolve([]);
	await test.reply('1');
	const [ws] = test.server.connections;
	ws!.unsubscribe('t');
	await test.request('2');
	test.loads[1]!.resolve([]);
	expect(await test.reply('2')).toMatchObject({ ok: true });
	expect([test.server.platform.subscribers('t'), test.calls]).toEqual([1, ['in', 'out 0', 'in']]);
});

it('refuses to follow more topics than a connection may', async () => {
	await using server = await createRuntime({
		'm/s': live.stream(
			(_ctx, id: number) => `t:${id}`,
			() => []
		)
	});
	const client = await server.connect();
	for (let i = 0; i < DEFAULT_LIMITS.maxTopicsPerConnection; i += 50)
		client.say({ batch: Array.from({ length: 50 }, (_, n) => ({ rpc: 'm/s', id: `${i + n}`, args: [i + n], stream: true })) });
	expect(await client.ask({ rpc: 'm/s', id: 'over', args: ['over'], stream: true })).toMatchObject({
		ok: false,
		code: 'RATE_LIMITED'
	});
	expect(await client.ask({ rpc: 'm/s', id: 'again', args: [0], stream: true })).toMatchObject({ ok: true });
});
