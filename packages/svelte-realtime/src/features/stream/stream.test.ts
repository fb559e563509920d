import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../../test/support.ts';
import { guard, live } from '../../define/live.ts';

const subscribe = (id: string, ...args: unknown[]) => ({ rpc: 'm/s', id, args, stream: true });

it('joins before it loads, so that an event between the two is not lost', async () => {
	let load!: (value: unknown[]) => void;
	await using server = await createRuntime({
		'm/s': live.stream('t', () => new Promise<unknown[]>((resolve) => (load = resolve)))
	});
	const client = await server.connect();
	const reply = client.ask(subscribe('1'));
	await vi.waitFor(() => expect(server.platform.subscribers('t')).toBe(1));
	server.platform.publish('t', 'created', { id: 1 });
	await vi.waitFor(() => expect(client.frames.some((frame) => frame.topic === 't')).toBe(true));
	load([]);
	expect(await reply).toMatchObject({ ok: true, data: [], topic: 't' });
});

it('gives each set of arguments a stream of its own', async () => {
	await using server = await createRuntime({
		'm/s': live.stream(
			(_ctx, id: string) => `t:${id}`,
			(_ctx, id) => [id]
		)
	});
	const client = await server.connect();
	expect(await client.ask(subscribe('1', 'a'))).toMatchObject({ data: ['a'], topic: 't:a' });
	expect(await client.ask(subscribe('2', 'b'))).toMatchObject({ data: ['b'], topic: 't:b' });
	server.platform.publish('t:a', 'x', 1);
	server.platform.publish('t:c', 'x', 1);
	await vi.waitFor(() =>
		expect(client.frames.filter((frame) => frame.event === 'x').map((frame) => frame.topic)).toEqual(['t:a'])
	);
});

it.each([[null], [7], [{}], [''], ['__rpc'], ['a"b'], ['a\n'], ['x'.repeat(257)]])(
	'refuses arguments that name the topic %j',
	async (name) => {
		await using server = await createRuntime({
			'm/s': live.stream(
				(_ctx, id: any) => id,
				() => []
			)
		});
		const client = await server.connect();
		expect(await client.ask(subscribe('1', name))).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
		expect(server.errors).toEqual([]);
	}
);

it('lets access see the same arguments as topic and loader, and takes nothing but true for a yes', async () => {
	const seen: unknown[] = [];
	const access = (_ctx: unknown, id: string): any => (seen.push(id), id === 'mine' || (id === 'truthy' && 1));
	await using server = await createRuntime({
		'm/s': live.stream(
			(_ctx, id: string) => `t:${id}`,
			() => [],
			{ access }
		)
	});
	const client = await server.connect('ida');
	expect(await client.ask(subscribe('1', 'mine', 'surplus'))).toMatchObject({ ok: true, topic: 't:mine' });
	expect(await client.ask(subscribe('2', 'yours'))).toMatchObject({ ok: false, code: 'FORBIDDEN' });
	expect(await client.ask(subscribe('3', 'truthy'))).toMatchObject({ ok: false, code: 'FORBIDDEN' });
	expect(await (await server.connect()).ask(subscribe('4', 'yours'))).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
	expect(seen).toEqual(['mine', 'yours', 'truthy', 'yours']);
	expect(server.platform.subscribers('t:yours')).toBe(0);
});

it('counts who comes and who goes, once each, and reports callbacks that fail', async () => {
	const calls: unknown[] = [];
	const definition = live.stream('t', () => [], {
		onSubscribe: (ctx, topic) => void calls.push(['in', ctx.user.id, topic]),
		onUnsubscribe: (ctx, topic, remaining) => {
			calls.push(['out', ctx.user.id, topic, remaining]);
			throw new Error('callback');
		}
	});
	await using server = await createRuntime({ 'm/s': definition, 'm/other': live.stream('t', () => []) });
	const [ida, max] = [await server.connect('ida'), await server.connect('max')];
	await ida.ask(subscribe('1'));
	await ida.ask(subscribe('2'));
	await ida.ask({ rpc: 'm/other', id: '3', stream: true });
	await max.ask(subscribe('1'));
	ida.say({ type: 'unsubscribe', topic: 't' });
	await vi.waitFor(() => expect(calls).toHaveLength(3));
	await max.leave();
	await ida.leave();
	expect(calls).toEqual([
		['in', 'ida', 't'],
		['in', 'max', 't'],
		['out', 'ida', 't', 1],
		['out', 'max', 't', 0]
	]);
	expect(server.errors.map(([path]) => path)).toEqual(['m/s', 'm/s']);
});

it('takes a subscription back when the loader fails, but not one that was there before', async () => {
	let fails = true;
	const left: string[] = [];
	await using server = await createRuntime({
		'm/s': live.stream(
			't',
			() => {
				if (fails) throw new Error('database');
				return [];
			},
			{ onUnsubscribe: (_ctx, topic) => void left.push(topic) }
		)
	});
	const client = await server.connect();
	expect(await client.ask(subscribe('1'))).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect([server.platform.subscribers('t'), left]).toEqual([0, ['t']]);
	fails = false;
	await client.ask(subscribe('2'));
	fails = true;
	expect(await client.ask(subscribe('3'))).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(server.platform.subscribers('t')).toBe(1);
});

it.each(['guard', 'access', 'load'])('leaves nothing behind when the client goes while the %s decides', async (place) => {
	let go!: () => void;
	const wait = (): Promise<true> => new Promise((resolve) => (go = () => resolve(true)));
	const events: string[] = [];
	const options = { onSubscribe: () => void events.push('in'), onUnsubscribe: () => void events.push('out') };
	await using server = await createRuntime(
		{
			'm/s': live.stream(
				't',
				async () => (place === 'load' ? wait() : []),
				place === 'access' ? { ...options, access: wait } : options
			)
		},
		place === 'guard' ? guard(wait) : undefined
	);
	const client = await server.connect('ida');
	client.say(subscribe('1'));
	await vi.waitFor(() => expect(go).toBeTypeOf('function'));
	const closed = new Promise((resolve) => (client.peer.onclose = resolve));
	client.peer.close();
	await closed;
	go();
	await vi.waitFor(() => expect(server.platform.connections).toBe(0));
	await new Promise((resolve) => setImmediate(resolve));
	expect(server.platform.subscribers('t')).toBe(0);
	expect(events).toEqual(place === 'load' ? ['in', 'out'] : []);
});

it('loads for pages through guard and access, and wants to know who asks', async () => {
	await using server = await createRuntime(
		{
			'm/s': live.stream(
				(_ctx, id: string) => `t:${id}`,
				(ctx, id) => [ctx.user?.id, id],
				{ access: (_ctx, id) => id !== 'no' }
			)
		},
		guard({ authenticated: true })
	);
	const load = (options: object) => server.runtime.load('m/s', server.platform, options);
	expect(await load({ user: { id: 'ida' }, args: ['a'] })).toEqual(['ida', 'a']);
	await expect(load({ user: null, args: ['a'] })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
	await expect(load({ user: { id: 'ida' }, args: ['no'] })).rejects.toMatchObject({ code: 'FORBIDDEN' });
	await expect(load({ args: ['a'] })).rejects.toThrow(/who asks/);
	expect(server.platform.subscribers('t:a')).toBe(0);
});

it('takes a signed-out user for nobody', async () => {
	await using server = await createRuntime(
		{ 'm/s': live.stream('t', (ctx) => [ctx.user]) },
		guard(() => {})
	);
	expect(await server.runtime.load('m/s', server.platform, { user: undefined })).toEqual([null]);
	expect(await server.runtime.load('m/s', server.platform, { user: null })).toEqual([null]);
	await expect(server.runtime.load('m/none', server.platform, {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('does not load for a client that went while onSubscribe ran', async () => {
	const entered = Promise.withResolvers<void>();
	let loads = 0;
	let asked = 0;
	await using server = await createRuntime({
		'm/s': live.stream('t', () => void loads++, { onSubscribe: () => (asked++, entered.promise) })
	});
	const client = await server.connect();
	client.say(subscribe('1'));
	await vi.waitFor(() => expect(asked).toBe(1));
	await client.leave();
	entered.resolve();
	await new Promise((resolve) => setImmediate(resolve));
	expect([loads, server.errors]).toEqual([0, []]);
});

it('says that missed events are not replayed to a client that names its last one', async () => {
	await using server = await createRuntime({ 'm/s': live.stream('t', () => []) });
	const client = await server.connect();
	expect(await client.ask({ ...subscribe('1'), seq: 41 })).toMatchObject({ ok: true, data: [], replay: false });
	expect(await client.ask(subscribe('2'))).not.toHaveProperty('replay');
});
