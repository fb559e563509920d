import { createTestServer, manualClock, memoryBus } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { createRuntime, type TestClient } from '../../../test/support.ts';
import { live } from '../../define/live.ts';
import type { StreamOptions } from '../../define/stream-options.ts';

const subscribe = (id: string, ...args: unknown[]) => ({ rpc: 'm/s', id, args, stream: true });

/** A runtime with one stream on `t`, a count of its loads, and the values of its `refreshed` events. */
async function reloading(options: StreamOptions, load: (count: number) => unknown = (count) => [count]) {
	const clock = manualClock();
	const state = { loads: 0, refreshed: [] as unknown[], warned: [] as string[] };
	const runtime = await createRuntime(
		{ 'm/s': live.stream('t', () => load(++state.loads), options) },
		undefined,
		{ clock, warn: (message) => void state.warned.push(message) },
		{ clock }
	);
	runtime.platform.tap(({ topic, event, data }) => void (topic === 't' && event === 'refreshed' && state.refreshed.push(data)));
	const settled = async (): Promise<void> => {
		for (let i = 0; i < 20; i++) await Promise.resolve();
	};
	return { ...runtime, state, clock, settled };
}

it('loads again when nothing was heard for long, as long as somebody follows', async () => {
	await using here = await reloading({ staleAfterMs: 1000 });
	const client = await here.connect('ida');
	here.clock.advance(5000);
	expect(here.state.loads).toBe(0);
	await client.ask(subscribe('1'));
	here.clock.advance(999);
	here.platform.publish('t', 'created', { id: 1 });
	here.clock.advance(999);
	await here.settled();
	expect(here.state.loads).toBe(1);
	for (const count of [2, 3]) {
		here.clock.advance(1000);
		await vi.waitFor(() => expect(here.state.refreshed).toHaveLength(count - 1));
	}
	expect(here.state.refreshed).toEqual([[2], [3]]);
	await client.leave();
	here.clock.advance(10_000);
	await here.settled();
	expect(here.state.loads).toBe(3);
});

it('goes on after a load that fails, and tells onError', async () => {
	const heard: unknown[] = [];
	await using here = await reloading({ staleAfterMs: 1000, onError: (error) => void heard.push(error) }, (count) => {
		if (count === 2) throw new Error('database');
		return count;
	});
	await (await here.connect()).ask(subscribe('1'));
	here.clock.advance(1000);
	await vi.waitFor(() => expect(heard).toEqual([new Error('database')]));
	here.clock.advance(1000);
	await vi.waitFor(() => expect(here.state.refreshed).toEqual([3]));
	expect(here.errors).toEqual([]);
});

it('loads again after a publish on the topics that it depends on, however it came, but not after its own', async () => {
	await using here = await reloading({ invalidateOn: ['imports:*', 't'] });
	await (await here.connect()).ask(subscribe('1'));
	here.platform.publish('imports:1', 'done');
	await vi.waitFor(() => expect(here.state.refreshed).toEqual([[2]]));
	here.platform.publish('imports:2', 'refreshed');
	here.platform.publish('other', 'done');
	await here.settled();
	here.platform.publish('t', 'touched', undefined, { seq: false });
	await vi.waitFor(() => expect(here.state.refreshed).toEqual([[2], [3]]));
});

it('loads exactly once more for all that happens during a load', async () => {
	const loads: PromiseWithResolvers<unknown>[] = [];
	await using here = await reloading({ invalidateOn: 'x' }, (count) => {
		if (count === 1) return [];
		const load = Promise.withResolvers();
		loads.push(load);
		return load.promise;
	});
	await (await here.connect()).ask(subscribe('1'));
	here.platform.publish('x', 'e');
	await vi.waitFor(() => expect(loads).toHaveLength(1));
	for (let i = 0; i < 5; i++) here.platform.publish('x', 'e');
	await here.settled();
	loads[0]!.resolve('first');
	await vi.waitFor(() => expect(loads).toHaveLength(2));
	loads[1]!.resolve('second');
	await vi.waitFor(() => expect(here.state.refreshed).toEqual(['first', 'second']));
	await here.settled();
	expect(here.state.loads).toBe(3);
});

it('loads as a subscriber who is there, or as whom refreshAs says', async () => {
	const users: unknown[] = [];
	const load = live.stream('t', (ctx) => users.push(ctx.user?.id), { invalidateOn: 'x' });
	const as = live.stream('u', (ctx) => users.push(ctx.user?.id), {
		invalidateOn: 'x',
		refreshAs: (ctx) => ({ id: `for ${ctx.user.id}` })
	});
	const warned: string[] = [];
	await using here = await createRuntime({ 'm/s': load, 'm/as': as }, undefined, {
		warn: (message) => void warned.push(message)
	});
	const [ida, max] = [await here.connect('ida'), await here.connect('max')];
	await ida.ask(subscribe('1'));
	await max.ask(subscribe('1'));
	here.platform.publish('x', 'e');
	await vi.waitFor(() => expect(users).toEqual(['ida', 'max', 'ida']));
	ida.peer.close();
	await vi.waitFor(() => expect(here.platform.connections).toBe(1));
	here.platform.publish('x', 'e');
	await vi.waitFor(() => expect(users).toEqual(['ida', 'max', 'ida', 'max']));
	expect(warned).toEqual([expect.stringContaining('refreshAs')]);
	max.say({ type: 'unsubscribe', topic: 't' });
	await max.ask({ rpc: 'm/as', id: '2', stream: true });
	here.platform.publish('x', 'e');
	await vi.waitFor(() => expect(users.slice(4)).toEqual(['max', 'for max']));
});

it('shows what was loaded again as everything else, pages included', async () => {
	await using here = await reloading({ invalidateOn: 'x', transform: ({ id }) => ({ id }) }, (count) => ({
		data: [{ id: count, secret: true }],
		hasMore: true,
		cursor: count
	}));
	const client = await here.connect();
	await client.ask(subscribe('1'));
	here.platform.publish('x', 'e');
	await vi.waitFor(() =>
		expect(client.frames.find(({ event }) => event === 'refreshed')?.data).toEqual({
			data: [{ id: 2 }],
			hasMore: true,
			cursor: 2
		})
	);
});

it('loads once in a cluster, for everybody', async () => {
	const bus = memoryBus();
	const clock = manualClock();
	await using server = await createTestServer({ transport: 'memory', clock });
	const { stores } = server.platform;
	let loads = 0;
	const definition = live.stream('t', () => [++loads], { invalidateOn: 'x', staleAfterMs: 1000 });
	const nodes: { readonly node: Awaited<ReturnType<typeof createRuntime>>; readonly client: TestClient }[] = [];
	for (let i = 0; i < 3; i++) {
		const node = await createRuntime({ 'm/s': definition }, undefined, { clock }, { bus: bus.join(), stores, clock });
		const client = await node.connect();
		await client.ask(subscribe('1'));
		nodes.push({ node, client });
	}
	expect(loads).toBe(3);
	const heard = (): unknown[] =>
		nodes.map(({ client }) => client.frames.filter(({ event }) => event === 'refreshed').map(({ data }) => data[0]));
	nodes[1]!.node.platform.publish('x', 'e');
	await vi.waitFor(() => expect(heard()).toEqual([[4], [4], [4]]));
	clock.advance(1000);
	await vi.waitFor(() =>
		expect(heard()).toEqual([
			[4, 5],
			[4, 5],
			[4, 5]
		])
	);
	for (const { node } of nodes) await node[Symbol.asyncDispose]();
	expect(loads).toBe(5);
});
