import { manualClock } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { createRuntime, type TestClient } from '../../../test/support.ts';
import { live } from '../../define/live.ts';
import { pipe } from '../../define/pipe.ts';

const subscribe = (id: string, more: object = {}) => ({ rpc: 'm/s', id, stream: true, ...more });
const rows = [
	{ id: 1, owner: 'ida', at: 3 },
	{ id: 2, owner: 'max', at: 1 },
	{ id: 3, owner: 'ida', at: 2 }
];
const heard = (client: TestClient) =>
	client.frames.filter(({ topic }) => topic?.startsWith('t')).map(({ event, data }) => [event, data]);

it('changes the first value step by step, and tells the client how to go on', async () => {
	await using server = await createRuntime({
		'm/s': pipe(
			live.stream('t', () => rows),
			pipe.filter((_, row) => row.owner === 'ida'),
			pipe.sort('at', 'desc'),
			pipe.limit(1)
		)
	});
	expect(await (await server.connect()).ask(subscribe('1'))).toMatchObject({
		data: [rows[0]],
		sort: { field: 'at', direction: 'desc' },
		limit: 1
	});
	expect(await server.runtime.load('m/s', server.platform, {})).toEqual([rows[0]]);
});

it('shows each subscriber only the events of what may pass, and takes away what passes no more', async () => {
	await using server = await createRuntime({
		'm/s': pipe(
			live.stream('t', () => rows),
			pipe.filter((ctx, row) => row.owner === ctx.user.id)
		)
	});
	const [ida, max] = [await server.connect('ida'), await server.connect('max')];
	expect((await ida.ask(subscribe('1'))).data).toEqual([rows[0], rows[2]]);
	expect((await max.ask(subscribe('1'))).data).toEqual([rows[1]]);
	server.platform.publish('t', 'created', { id: 4, owner: 'max' });
	server.platform.publish('t', 'updated', { id: 1, owner: 'max' });
	server.platform.publish('t', 'deleted', { id: 2, owner: 'max' });
	server.platform.publish('t', 'refreshed', rows);
	await vi.waitFor(() => expect(heard(max)).toHaveLength(4));
	expect(heard(max)).toEqual([
		['created', { id: 4, owner: 'max' }],
		['created', { id: 1, owner: 'max' }],
		['deleted', { id: 2 }],
		['refreshed', [rows[1]]]
	]);
	expect(heard(ida)).toEqual([
		['deleted', { id: 1 }],
		['deleted', { id: 2 }],
		['refreshed', [rows[0], rows[2]]]
	]);
});

it('joins what belongs to items, asked once for each value, for events as well and in their order', async () => {
	const asked: string[] = [];
	const names: Record<string, PromiseWithResolvers<string>> = {};
	const nameOf = (id: string): Promise<string> => (asked.push(id), (names[id] ??= Promise.withResolvers()).promise);
	await using server = await createRuntime({
		'm/s': pipe(
			live.stream('t', () => rows, { transform: (row) => ({ ...row, at: undefined }) }),
			pipe.join('owner', nameOf, 'name')
		)
	});
	const client = await server.connect();
	const reply = client.ask(subscribe('1'));
	await vi.waitFor(() => expect(asked).toEqual(['ida', 'max']));
	names['ida']!.resolve('Ida');
	names['max']!.resolve('Max');
	const { data } = await reply;
	expect(data.map(({ name }: { name: string }) => name)).toEqual(['Ida', 'Max', 'Ida']);
	server.platform.publish('t', 'created', { id: 5, owner: 'eve' });
	server.platform.publish('t', 'updated', { id: 1, owner: 'ida' });
	server.platform.publish('t', 'deleted', { id: 2 });
	server.platform.publish('t', 'created', { id: 6, owner: 'zoe' });
	await vi.waitFor(() => expect(asked).toContain('eve'));
	names['eve']!.resolve('Eve');
	await vi.waitFor(() => expect(asked).toContain('zoe'));
	names['zoe']!.reject(new Error('nobody'));
	await vi.waitFor(() => expect(heard(client)).toHaveLength(4));
	expect(heard(client)).toEqual([
		['created', { id: 5, owner: 'eve', name: 'Eve' }],
		['updated', { id: 1, owner: 'ida', name: 'Ida' }],
		['deleted', { id: 2 }],
		['created', { id: 6, owner: 'zoe', name: null }]
	]);
	expect(server.errors).toEqual([['m/s', new Error('nobody')]]);
});

it('does not let events wait for ever for what is joined', async () => {
	const clock = manualClock();
	const nameOf = vi.fn((id: string): unknown => (id === 'slow' ? new Promise(() => {}) : id.toUpperCase()));
	const definition = pipe(
		live.stream('t', () => []),
		pipe.join('owner', nameOf, 'name')
	);
	await using server = await createRuntime({ 'm/s': definition }, undefined, { clock });
	const client = await server.connect();
	await client.ask(subscribe('1'));
	server.platform.publish('t', 'created', { id: 1, owner: 'slow' });
	server.platform.publish('t', 'created', { id: 2, owner: 'ida' });
	await vi.waitFor(() => expect(nameOf).toHaveBeenCalledOnce());
	clock.advance(30_000);
	await vi.waitFor(() => expect(heard(client)).toHaveLength(2));
	expect(heard(client)).toEqual([
		['created', { id: 1, owner: 'slow', name: null }],
		['created', { id: 2, owner: 'ida', name: 'IDA' }]
	]);
	expect(server.errors).toMatchObject([['m/s', { code: 'TIMEOUT' }]]);
});

it('lets a step of the app change the first value', async () => {
	await using server = await createRuntime({
		'm/s': pipe(
			live.stream('t', () => 1, { merge: 'set' }),
			{ transformInit: async (data, ctx) => [data, ctx.user?.id] },
			pipe.filter(() => false)
		)
	});
	expect((await (await server.connect('ida')).ask(subscribe('1'))).data).toEqual([]);
});

it('pages through the pipe, and keeps every option of the stream', async () => {
	const stream = live.stream('t', () => ({ data: rows, hasMore: true, cursor: 3 }), {
		key: 'id',
		access: (ctx) => ctx.user !== null
	});
	const piped = live.gate(() => true, pipe(stream, pipe.limit(2)));
	expect(piped.options).toBe(stream.options);
	await using server = await createRuntime({ 'm/s': piped });
	expect(await (await server.connect()).ask(subscribe('1'))).toMatchObject({ code: 'UNAUTHENTICATED' });
	expect(await (await server.connect('ida')).ask(subscribe('1'))).toMatchObject({
		data: rows.slice(0, 2),
		hasMore: true,
		cursor: 3
	});
});

it.each([
	[() => pipe(7 as never), /stream/],
	[
		() =>
			pipe(
				live.stream('t', () => []),
				7 as never
			),
		/step/
	],
	[
		() =>
			pipe(
				live.stream('t', () => []),
				{}
			),
		/step/
	],
	[() => pipe.filter(7 as never), /predicate/],
	[() => pipe.sort(''), /field/],
	[() => pipe.sort('a', 'up' as never), /direction/],
	[() => pipe.limit(0), /count/],
	[() => pipe.join('a', 7 as never, 'b'), /resolve/],
	[() => pipe.join('a', () => 1, ''), /as/]
])('refuses a step that cannot work (%#)', (make, message) => expect(make).toThrow(message));

it('gives clients of an older version its shape in everything, and migrates the first value of others', async () => {
	const options = {
		version: 3,
		downgrade: { 3: (row: any) => ({ ...row, name: undefined, title: row.name }), 2: (row: any) => ({ ...row, v: 1 }) }
	};
	const warned: string[] = [];
	await using server = await createRuntime(
		{
			'm/s': live.stream('t', () => [{ id: 1, name: 'a' }], { ...options, replay: true }),
			'm/up': live.stream('u', () => [{ id: 1 }], { version: 3, migrate: { 1: (row) => ({ ...row, two: true }) } })
		},
		undefined,
		{ warn: (message) => void warned.push(message) }
	);
	const [old, current] = [await server.connect(), await server.connect()];
	const first = await old.ask(subscribe('1', { schemaVersion: 1 }));
	expect(first).toMatchObject({ data: [{ id: 1, title: 'a', v: 1 }], schemaVersion: 1 });
	expect(await current.ask(subscribe('1', { schemaVersion: 3 }))).toMatchObject({
		data: [{ id: 1, name: 'a' }],
		schemaVersion: 3
	});
	server.platform.publish('t', 'created', { id: 2, name: 'b' });
	await vi.waitFor(() =>
		expect([heard(old), heard(current)]).toEqual([
			[['created', { id: 2, title: 'b', v: 1 }]],
			[['created', { id: 2, name: 'b' }]]
		])
	);
	expect(await old.ask(subscribe('2', { schemaVersion: 1, seq: 0 }))).toMatchObject({
		replay: true,
		data: [{ data: { title: 'b', v: 1 } }]
	});
	expect(await old.ask({ ...subscribe('3', { schemaVersion: 1 }), rpc: 'm/up' })).toMatchObject({
		data: [{ two: true }],
		schemaVersion: 3
	});
	expect((await old.ask({ ...subscribe('4'), rpc: 'm/up' })).data).toEqual([{ id: 1 }]);
	expect(warned).toEqual([expect.stringContaining('no migrate from version 2')]);
});

it('does not count through the versions that a client makes up, nor gives each of them a view', async () => {
	const rename = (row: any) => ({ ...row, name: undefined, title: row.name });
	await using server = await createRuntime(
		{
			'm/s': live.stream('t', () => [{ id: 1, name: 'a' }], { version: 20_261_124, downgrade: { 20_261_124: rename } }),
			'm/up': live.stream('u', () => [{ id: 1 }], {
				version: 20_261_124,
				migrate: { 20_261_123: (row) => ({ ...row, up: true }) }
			})
		},
		undefined,
		{ warn: () => {} }
	);
	const client = await server.connect();
	const topics = new Set<string>();
	for (const schemaVersion of [0, 1, 2, 20_000_000, 20_261_123]) {
		const { topic, data } = await client.ask(subscribe(`d${schemaVersion}`, { schemaVersion }));
		topics.add(topic);
		expect(data).toEqual([{ id: 1, title: 'a' }]);
		expect(await client.ask({ ...subscribe(`u${schemaVersion}`, { schemaVersion }), rpc: 'm/up' })).toMatchObject({
			data: [{ id: 1, up: true }]
		});
	}
	expect(topics.size).toBe(1);
	for (const schemaVersion of [-1, Number.MIN_SAFE_INTEGER, 1.5, '1'])
		expect(await client.ask(subscribe(`x${schemaVersion}`, { schemaVersion }))).toMatchObject({ data: [{ id: 1, name: 'a' }] });
});
