import type { Platform } from 'svelte-adapter-uws/contract';
import { manualClock } from 'svelte-adapter-uws/testing';
import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createRuntime, type TestClient } from '../../../test/support.ts';
import type { Context } from '../../define/context.ts';
import { app, emptyApp } from '../../define/app.ts';
import { live } from '../../define/live.ts';
import type { StreamOptions } from '../../define/stream-options.ts';

const subscribe = (id: string, ...args: unknown[]) => ({ rpc: 'm/s', id, args, stream: true });

/** The events of topics that a client has received, once everything that was published has arrived. */
async function events(client: TestClient, platform: { publish(topic: string, event: string): boolean }): Promise<any[]> {
	const mark = `end${client.frames.length}`;
	client.say({ type: 'subscribe', topic: 'marks', ref: 1 });
	await vi.waitFor(() => expect(client.frames.some(({ type }) => type === 'subscribed')).toBe(true));
	platform.publish('marks', mark);
	await vi.waitFor(() => expect(client.frames.some(({ event }) => event === mark)).toBe(true));
	return client.frames.filter(({ topic }) => typeof topic === 'string' && !topic.startsWith('__') && topic !== 'marks');
}

async function close(client: TestClient, { platform }: { readonly platform: Platform }): Promise<void> {
	const before = platform.connections;
	client.peer.close();
	await vi.waitFor(() => expect(platform.connections).toBe(before - 1), { interval: 1 });
}

it('checks the whole list of arguments before anything else, and goes on with what the schema gives', async () => {
	const seen: unknown[] = [];
	const args = z.tuple([z.string().transform(async (text) => text.trim())]);
	await using server = await createRuntime({
		'm/s': live.gate(
			(_ctx, id) => seen.push(['gate', id]) > 0,
			live.stream(
				(_ctx, id: string) => `t:${id}`,
				(_ctx, id) => [id],
				{ args, access: (_ctx, id) => seen.push(['access', id]) > 0 }
			)
		)
	});
	const client = await server.connect();
	expect(await client.ask(subscribe('1', ' a '))).toMatchObject({ ok: true, topic: 't:a', data: ['a'] });
	expect(await client.ask(subscribe('2', 7))).toMatchObject({ ok: false, code: 'VALIDATION', issues: [{ path: ['0'] }] });
	expect(await server.runtime.load('m/s', server.platform, { args: [' b'] })).toEqual(['b']);
	expect(seen).toEqual([
		['gate', 'a'],
		['access', 'a'],
		['gate', 'b'],
		['access', 'b']
	]);
});

it('shows nothing through a closed gate, and joins nothing', async () => {
	let open: unknown = false;
	await using server = await createRuntime({
		'm/s': live.gate(
			async () => open as boolean,
			live.stream('t', () => [1])
		)
	});
	const client = await server.connect();
	expect(await client.ask(subscribe('1'))).toEqual({ id: '1', ok: true, data: null, gated: true });
	expect(await server.runtime.load('m/s', server.platform, {})).toBeNull();
	open = 'yes';
	expect(await client.ask(subscribe('2'))).toMatchObject({ gated: true });
	expect(server.platform.subscribers('t')).toBe(0);
	open = true;
	expect(await client.ask(subscribe('3'))).toMatchObject({ data: [1], topic: 't' });
});

it('takes filter for access, and access where both are given', async () => {
	await using server = await createRuntime({
		'm/s': live.stream('t', () => [], { filter: async () => false }),
		'm/both': live.stream('u', () => [], { filter: () => false, access: () => true })
	});
	const client = await server.connect('ida');
	expect(await client.ask(subscribe('1'))).toMatchObject({ code: 'FORBIDDEN' });
	expect(await client.ask({ rpc: 'm/both', id: '2', stream: true })).toMatchObject({ ok: true });
});

it('says of a channel that no loader stands behind it', async () => {
	await using server = await createRuntime({ 'm/s': live.channel('t') });
	expect(await (await server.connect()).ask(subscribe('1'))).toMatchObject({ data: null, channel: true, merge: 'set' });
});

it('takes the options of streams for channels that have a meaning there', async () => {
	const heard: string[] = [];
	await using server = await createRuntime(
		{
			'm/c': live.channel((_ctx, room: string) => `c:${room}`, {
				merge: 'latest',
				access: (ctx, room) => ctx.user.id === room,
				args: z.tuple([z.string()]),
				transform: ({ text }) => ({ text }),
				coalesceBy: ({ text }) => text,
				onSubscribe: (_ctx, topic) => void heard.push(`+${topic}`),
				onUnsubscribe: (_ctx, topic) => void heard.push(`-${topic}`)
			}),
			'm/v': live.channel('v', { volatile: true, classOfService: 'low' })
		},
		undefined,
		{ app: { ...emptyApp(), admission: { classes: { low: () => true } } } }
	);
	const ida = await server.connect('ida');
	const ask = (rpc: string, id: string, ...args: unknown[]) => ida.ask({ rpc, id, stream: true, args });
	expect(await ask('m/c', '1', 'max')).toMatchObject({ code: 'FORBIDDEN' });
	expect(await ask('m/c', '2')).toMatchObject({ code: 'VALIDATION' });
	expect(await ask('m/c', '3', 'ida')).toMatchObject({ data: [], topic: 'c:ida', merge: 'latest', channel: true });
	expect(await ask('m/v', '4')).toMatchObject({ code: 'OVERLOADED' });
	for (const text of ['a', 'a', 'b']) server.platform.publish('c:ida', 'said', { text, secret: true });
	await vi.waitFor(() =>
		expect(ida.frames.filter(({ topic }) => topic === 'c:ida').map(({ data }) => data)).toEqual([{ text: 'a' }, { text: 'b' }])
	);
	ida.say({ type: 'unsubscribe', topic: 'c:ida' });
	await vi.waitFor(() => expect(heard).toEqual(['+c:ida', '-c:ida']));
});

it('transforms the first value and each event once, wherever it was published', async () => {
	await using server = await createRuntime({
		'm/s': live.stream('t', () => [{ id: 1, secret: 'x' }], { transform: ({ id }) => ({ id }) }),
		'm/run': live((ctx) => ctx.publish('t', 'created', { id: 2, secret: 'y' }))
	});
	const client = await server.connect();
	expect(await client.ask(subscribe('1'))).toMatchObject({ data: [{ id: 1 }], topic: 't' });
	await client.ask({ rpc: 'm/run', id: '2' });
	server.platform.publish('t', 'refreshed', [{ id: 3, secret: 'z' }]);
	server.platform.publishBatched([{ topic: 't', event: 'updated', data: { id: 4, secret: 'z' } }]);
	expect((await events(client, server.platform)).map(({ event, data }) => [event, data])).toEqual([
		['created', { id: 2 }],
		['refreshed', [{ id: 3 }]],
		['updated', { id: 4 }]
	]);
	expect(await server.runtime.load('m/s', server.platform, {})).toEqual([{ id: 1 }]);
});

it('shows streams of one topic each in its own way', async () => {
	const row = { id: 1, secret: 'x' };
	const clock = manualClock();
	await using server = await createRuntime(
		{ 'm/s': live.stream('t', () => [row], { transform: ({ id }) => ({ id }) }), 'm/all': live.stream('t', () => [row]) },
		undefined,
		{ clock }
	);
	const [mine, all] = [await server.connect(), await server.connect()];
	const first = await mine.ask(subscribe('1'));
	const second = await all.ask({ rpc: 'm/all', id: '1', stream: true });
	expect(first).toMatchObject({ topic: 't', data: [{ id: 1 }] });
	expect(second.data).toEqual([row]);
	expect(second.topic).not.toBe('t');
	server.platform.publish('t', 'updated', row);
	expect(await events(mine, server.platform)).toMatchObject([{ topic: 't', data: { id: 1 }, seq: 1 }]);
	expect(await events(all, server.platform)).toMatchObject([{ topic: second.topic, data: row, seq: 1 }]);
	// By its name nobody comes in.
	mine.say({ type: 'subscribe', topic: second.topic, ref: 7 });
	await vi.waitFor(() => {
		clock.advance(5_000);
		expect(mine.frames.find(({ ref }) => ref === 7)).toBeDefined();
	});
	expect(mine.frames.find(({ ref }) => ref === 7)).toMatchObject({ type: 'subscribe-denied' });
});

it('keeps of what waits for a client the newest of each key', async () => {
	await using server = await createRuntime({
		'm/s': live.stream('t', () => [], { coalesceBy: (row) => row.id, transform: ({ n }) => n }),
		'm/run': live((ctx) => {
			for (const n of [1, 2, 3]) for (const id of ['a', null]) ctx.publish('t', 'updated', { id, n });
			ctx.publish('t', 'refreshed', [{ id: 'a', n: 9 }]);
		})
	});
	const client = await server.connect();
	await client.ask(subscribe('1'));
	await client.ask({ rpc: 'm/run', id: '2' });
	expect((await events(client, server.platform)).map(({ data }) => data)).toEqual([3, 3, [9]]);
});

it('sends volatile events without a position', async () => {
	await using server = await createRuntime({ 'm/s': live.stream('t', () => [], { volatile: true }) });
	const client = await server.connect();
	await client.ask(subscribe('1'));
	server.platform.publish('t', 'created', { id: 1 });
	expect(await events(client, server.platform)).toEqual([{ topic: 't', event: 'created', data: { id: 1 } }]);
});

it('drops a publish whose transform fails, and tells onError; without one the publish fails', async () => {
	const heard: unknown[] = [];
	const transform = (): never => {
		throw new RangeError('shape');
	};
	await using server = await createRuntime({
		'm/s': live.stream('t', () => [], { transform, onError: (error, ctx, topic) => void heard.push([error, ctx, topic]) }),
		'm/bare': live.stream('u', () => [], { transform })
	});
	const client = await server.connect();
	await client.ask(subscribe('1'));
	await client.ask({ rpc: 'm/bare', id: '2', stream: true });
	expect(server.platform.publish('t', 'created', { id: 1 })).toBe(false);
	expect(() => server.platform.publish('u', 'created', { id: 1 })).toThrow(RangeError);
	expect(heard).toEqual([[new RangeError('shape'), null, 't']]);
	expect(await events(client, server.platform)).toEqual([]);
});

it('tells onError of a loader that fails, and still answers with the error', async () => {
	const heard: unknown[] = [];
	const load = (): never => {
		throw new Error('database');
	};
	await using server = await createRuntime({
		'm/s': live.stream('t', load, { onError: (error, ctx, topic) => void heard.push([error, ctx?.user.id, topic]) })
	});
	expect(await (await server.connect('ida')).ask(subscribe('1'))).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(heard).toEqual([[new Error('database'), 'ida', 't']]);
});

it('gives pages, and further ones without a further subscription', async () => {
	const calls: string[] = [];
	const rows = Array.from({ length: 5 }, (_, id) => ({ id, secret: true }));
	await using server = await createRuntime({
		'm/s': live.stream(
			't',
			(ctx, size: number = 2) => {
				const from = ctx.cursor ?? 0;
				return { data: rows.slice(from, from + size), hasMore: from + size < rows.length, cursor: from + size };
			},
			{
				transform: ({ id }) => ({ id }),
				onSubscribe: () => void calls.push('in'),
				onUnsubscribe: (_ctx, _topic, remaining) => void calls.push(`out ${remaining}`)
			}
		)
	});
	const client = await server.connect();
	expect(await client.ask(subscribe('1'))).toMatchObject({ data: [{ id: 0 }, { id: 1 }], hasMore: true, cursor: 2, topic: 't' });
	expect(await client.ask({ ...subscribe('2'), cursor: 2 })).toEqual({
		id: '2',
		ok: true,
		data: [{ id: 2 }, { id: 3 }],
		hasMore: true,
		cursor: 4
	});
	// The first page can have any cursor: 0 is one.
	expect(await client.ask({ ...subscribe('3'), cursor: 0 })).not.toHaveProperty('topic');
	expect(await client.ask({ ...subscribe('4', 9), cursor: null })).toMatchObject({ hasMore: false, topic: 't' });
	client.say({ type: 'unsubscribe', topic: 't' });
	await vi.waitFor(() => expect(calls).toEqual(['in', 'out 0']));
	expect(await client.ask({ ...subscribe('5'), cursor: 4 })).toMatchObject({ data: [{ id: 4 }], hasMore: false });
	expect(server.platform.subscribers('t')).toBe(0);
	expect(await server.runtime.load('m/s', server.platform, {})).toEqual([{ id: 0 }, { id: 1 }]);
});

it('turns subscribes away while their class of service is shed', async () => {
	live.admission({ classes: { background: ['MEMORY'] } });
	await using server = await createRuntime(
		{
			'm/s': live.stream('t', () => [], { classOfService: 'background' }),
			'm/typo': live.stream('t', () => [], { classOfService: 'backround' })
		},
		undefined,
		{ app: app() }
	);
	live.admission(null);
	const client = await server.connect();
	expect(await client.ask(subscribe('1'))).toMatchObject({ ok: true });
	live.admission({ classes: { background: ['MEMORY'] } });
	Object.defineProperty(server.platform, 'pressure', { value: { reason: 'MEMORY' } });
	expect(await client.ask(subscribe('2'))).toMatchObject({ code: 'OVERLOADED' });
	expect(await client.ask({ rpc: 'm/typo', id: '3', stream: true })).toMatchObject({ code: 'INVALID_REQUEST' });
	live.admission(null);
});

it('gives the client its own arguments where the topic takes no ctx', async () => {
	const topics = {
		named: (org: string) => `t:${org}`,
		ctx: (ctx: Context) => `t:${ctx.user.id}`,
		two: (c: Context, org: string) => `t:${c.user.id}:${org}`,
		rest: (...orgs: string[]) => `t:${orgs.join()}`,
		taken: ({ org }: { org: string }) => `t:${org}`
	};
	const streams = Object.entries(topics).map(([name, topic]) => [`m/${name}`, live.stream(topic as never, () => [])]);
	await using server = await createRuntime({
		...Object.fromEntries(streams),
		'm/told': live.stream(topics.taken as never, () => [], { topicCtx: true }),
		'm/built': live.stream(((c: Context) => `t:${c.user.id}`) as never, () => [], { topicCtx: true })
	});
	const client = await server.connect('ida');
	const topicOf = async (name: string, ...args: unknown[]) =>
		(await client.ask({ rpc: `m/${name}`, id: `${name}${args.length}`, args, stream: true })).topic;
	expect(await topicOf('named', 'acme', 'surplus')).toBe('t:acme');
	expect(await topicOf('ctx', 'acme')).toBe('t:ida');
	expect(await topicOf('two', 'acme', 'surplus')).toBe('t:ida:acme');
	expect(await topicOf('rest', 'a', 'b')).toBe('t:a,b');
	expect(await topicOf('taken', { org: 'acme' })).toBe('t:acme');
	expect(await topicOf('told', { org: 'acme' })).toBe('t:undefined');
	expect(await topicOf('built')).toBe('t:ida');
});

it('counts who is left under any churn, over all streams of the topic', async () => {
	const left: [string, number][] = [];
	const onUnsubscribe: NonNullable<StreamOptions['onUnsubscribe']> = (ctx, _topic, remaining) =>
		void left.push([ctx.user.id, remaining]);
	const definitions = {
		'm/s': live.stream('t', () => [], { onUnsubscribe }),
		'm/shaped': live.stream('t', () => [], { onUnsubscribe, transform: (row) => row })
	};
	const user = fc.constantFrom('a', 'b', 'c');
	const step = fc.oneof(
		fc.record({ do: fc.constant('join' as const), user, rpc: fc.constantFrom('m/s', 'm/shaped') }),
		fc.record({ do: fc.constant('leave' as const), user, rpc: fc.constantFrom('m/s', 'm/shaped') }),
		fc.record({ do: fc.constant('close' as const), user, rpc: fc.constant('') })
	);
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
			left.length = 0;
			await using server = await createRuntime(definitions);
			const clients = new Map<string, TestClient>();
			/** Topics by stream, for each user. */
			const held = new Map<string, Map<string, string>>();
			const expected: [string, number][] = [];
			let id = 0;
			const othersThan = (name: string): number =>
				[...held].filter(([other, streams]) => other !== name && streams.size > 0).length;
			for (const { do: what, user: name, rpc } of steps) {
				let client = clients.get(name);
				if (!client) clients.set(name, (client = await server.connect(name)));
				const mine = held.get(name) ?? new Map<string, string>();
				held.set(name, mine);
				if (what === 'join') {
					const reply = await client.ask({ rpc, id: `${++id}`, stream: true });
					mine.set(rpc, reply.topic);
				} else if (what === 'leave') {
					const topic = mine.get(rpc);
					if (topic === undefined) continue;
					const gone = [...mine].filter(([, other]) => other === topic);
					for (const [stream] of gone) {
						mine.delete(stream);
						expected.push([name, othersThan(name)]);
					}
					client.say({ type: 'unsubscribe', topic });
				} else {
					for (const _ of mine) expected.push([name, othersThan(name)]);
					mine.clear();
					clients.delete(name);
					await close(client, server);
				}
				await vi.waitFor(() => expect(left).toHaveLength(expected.length), { interval: 1 });
			}
			expect(left).toEqual(expected);
			for (const client of clients.values()) await close(client, server);
			expect(server.platform.subscribers('t')).toBe(0);
			// What was shaped for nobody any more can be shaped by somebody else.
			server.platform.shape('t', () => [])[Symbol.dispose]();
		}),
		{ numRuns: 25 }
	);
});

it.each([
	[{ args: 7 }, /args is 7/],
	[{ transform: async () => 1 }, /transform/],
	[{ coalesceBy: async (): Promise<number> => 1 }, /coalesceBy/],
	[{ volatile: true, coalesceBy: (): number => 1 }, /volatile.*coalesceBy/],
	[{ volatile: true, replay: true }, /volatile.*replay/],
	[{ volatile: 1 }, /volatile is 1/],
	[{ replay: { size: 0 } }, /replay/],
	[{ staleAfterMs: 0 }, /staleAfterMs is 0/],
	[{ staleAfterMs: Infinity }, /staleAfterMs/],
	[{ invalidateOn: [] }, /invalidateOn/],
	[{ invalidateOn: [''] }, /invalidateOn/],
	[{ delta: { diff: 1 } }, /delta/],
	[{ version: 0 }, /version is 0/],
	[{ migrate: { 1: (row: unknown) => row } }, /version/],
	[{ version: 2, migrate: { one: (row: unknown) => row } }, /migrate/],
	[{ topicCtx: 'yes' }, /topicCtx/],
	[{ acces: () => true }, /acces.*access/]
])('refuses options that cannot work when they are written (%#)', (options, message) =>
	expect(() => live.stream('t', () => [], options as never)).toThrow(message)
);
