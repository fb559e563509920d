import type { Bus } from 'svelte-adapter-uws/contract';
import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../../test/support.ts';
import { live } from '../../define/live.ts';
import type { StreamOptions } from '../../define/stream-options.ts';

const subscribe = (id: string, more: object = {}) => ({ rpc: 'm/s', id, stream: true, ...more });

async function serve(options: StreamOptions) {
	const state = { loads: 0 };
	const server = await createRuntime({ 'm/s': live.stream('t', () => [{ load: ++state.loads }], options) });
	return Object.assign(server, { state, client: await server.connect() });
}

it('tells a client with the same version that nothing has changed, and one with another what has', async () => {
	let version: unknown = { at: 1, by: 'a' };
	const asked: unknown[] = [];
	await using here = await serve({
		delta: { version: () => version, diff: (since) => (asked.push(since), [{ id: 1 }, { id: 2, _deleted: true }]) },
		transform: (row) => ({ ...row, seen: true })
	});
	expect(await here.client.ask(subscribe('1'))).toMatchObject({ data: [{ load: 1 }], version });
	expect(await here.client.ask(subscribe('2', { version: { by: 'a', at: 1 } }))).toMatchObject({
		unchanged: true,
		data: [],
		version,
		topic: 't',
		merge: 'crud'
	});
	version = new Date(0);
	expect(await here.client.ask(subscribe('3', { version: '1970-01-01T00:00:00.000Z' }))).toMatchObject({ unchanged: true });
	expect(asked).toEqual([]);
	expect(await here.client.ask(subscribe('4', { version: 'old' }))).toMatchObject({
		delta: true,
		data: [
			{ id: 1, seen: true },
			{ id: 2, _deleted: true, seen: true }
		]
	});
	expect([asked, here.state.loads]).toEqual([['old'], 1]);
});

it('gives the events that a client missed, from the store', async () => {
	await using here = await serve({ replay: true });
	const first = await here.client.ask(subscribe('1'));
	expect(first).toMatchObject({ data: [{ load: 1 }], seq: 0 });
	for (const id of [1, 2, 3]) here.platform.publish('t', 'created', { id });
	await vi.waitFor(() => expect(here.client.frames.filter(({ topic }) => topic === 't')).toHaveLength(3));
	const live = here.client.frames.filter(({ topic }) => topic === 't');
	expect(live.map(({ seq }) => seq)).toEqual([1, 2, 3]);
	expect(await here.client.ask(subscribe('2', { seq: 1, ep: first.ep }))).toMatchObject({
		replay: true,
		seq: 3,
		ep: first.ep,
		data: [
			{ seq: 2, topic: 't', event: 'created', data: { id: 2 } },
			{ seq: 3, topic: 't', event: 'created', data: { id: 3 } }
		]
	});
	expect(await here.client.ask(subscribe('3', { seq: 3 }))).toMatchObject({ replay: true, data: [], seq: 3 });
	// Another life of the store, or a number that it has never given.
	expect(await here.client.ask(subscribe('4', { seq: 1, ep: 'other' }))).toMatchObject({
		replay: false,
		data: [{ load: 2 }],
		seq: 3
	});
	expect(await here.client.ask(subscribe('5', { seq: 9 }))).toMatchObject({ replay: false, data: [{ load: 3 }] });
});

it('loads afresh over the size that the stream says', async () => {
	await using here = await serve({ replay: { size: 1 } });
	for (const id of [1, 2]) here.platform.publish('t', 'created', { id });
	await vi.waitFor(async () => expect(await here.platform.stores.replay.current('t')).toMatchObject({ seq: 2 }));
	expect(await here.client.ask(subscribe('1', { seq: 1 }))).toMatchObject({ replay: true, seq: 2 });
	expect(await here.client.ask(subscribe('2', { seq: 0 }))).toMatchObject({ replay: false });
});

it('gives what the app has after a number: events, or rows that changed', async () => {
	const given: unknown[] = [
		[],
		[
			{ event: 'updated', data: { id: 1 }, seq: 8 },
			{ event: 'deleted', data: { id: 2 }, seq: 9 }
		],
		[{ id: 3 }, { id: 4, _deleted: true }],
		null
	];
	await using here = await serve({ delta: { fromSeq: () => given.shift() as never } });
	expect(await here.client.ask(subscribe('1', { seq: 7 }))).toMatchObject({ replay: true, data: [], seq: 7 });
	expect(await here.client.ask(subscribe('2', { seq: 7 }))).toMatchObject({
		replay: true,
		data: [{ seq: 8 }, { seq: 9 }],
		seq: 9
	});
	expect(await here.client.ask(subscribe('3', { seq: 7 }))).toMatchObject({
		data: [
			{ event: 'created', data: { id: 3 } },
			{ event: 'deleted', data: { id: 4 } }
		],
		seq: 7
	});
	expect(await here.client.ask(subscribe('4', { seq: 7 }))).toMatchObject({ replay: false, data: [{ load: 1 }] });
});

it('goes from one way to the next when it fails, and says so', async () => {
	const heard: unknown[] = [];
	const fail = (what: string) => (): never => {
		throw new Error(what);
	};
	await using here = await serve({
		replay: true,
		delta: { version: fail('version'), diff: () => [], fromSeq: fail('fromSeq') },
		onError: (error) => void heard.push((error as Error).message)
	});
	vi.spyOn(here.platform.stores.replay, 'since').mockRejectedValue(new Error('since'));
	const reply = await here.client.ask(subscribe('1', { seq: 1, version: 'v' }));
	expect(reply).toMatchObject({ ok: true, replay: false, data: [{ load: 1 }] });
	expect(reply).not.toHaveProperty('version');
	expect(heard).toEqual(['version', 'since', 'fromSeq', 'version']);
});

it('takes the first way that there is: version, history, number, load', async () => {
	const version = (): string => 'v1';
	await using here = await serve({ replay: true, delta: { version, diff: () => null, fromSeq: () => [] } });
	expect(await here.client.ask(subscribe('1', { version: 'v1', seq: 0 }))).toMatchObject({ unchanged: true });
	expect(await here.client.ask(subscribe('2', { version: 'v0', seq: 0 }))).toMatchObject({ replay: true });
	vi.spyOn(here.platform.stores.replay, 'since').mockResolvedValue(undefined);
	expect(await here.client.ask(subscribe('3', { version: 'v0', seq: 0 }))).toMatchObject({ replay: true, data: [] });
	expect(here.state.loads).toBe(0);
});

it('tells the clients of every view of a topic that events are lost', async () => {
	let receive: Parameters<Bus['start']>[0] = () => {};
	const bus: Bus = { start: async (hear) => ((receive = hear), { async [Symbol.asyncDispose]() {} }), relay() {} };
	const definitions = {
		'm/plain': live.stream('t', () => [], { replay: true }),
		'm/shaped': live.stream('t', () => [], { replay: true, transform: (row) => ({ ...row, shaped: true }) })
	};
	await using server = await createRuntime(definitions, undefined, {}, { bus });
	const shown: unknown[] = [];
	server.platform.tap(({ data }) => void shown.push(data));
	const views: string[] = [];
	let last = 0;
	for (const rpc of ['m/plain', 'm/shaped']) {
		const client = await server.connect();
		const { topic, ep: epoch } = await client.ask({ rpc, id: '1', stream: true });
		views.push(topic);
		shown.length = 0;
		for (const seq of [last + 1, last + 3])
			receive([{ topic: 't', head: `{"topic":"t","event":"created","data":${seq}`, position: { epoch, seq } }]);
		await vi.waitFor(() => expect(shown).toEqual([last + 1, last + 3]));
		await vi.waitFor(() =>
			expect(client.frames.map((frame) => frame.event ?? frame.type).slice(-3)).toEqual(['created', 'truncated', 'created'])
		);
		expect(client.frames.at(-2)).toMatchObject({ topic: `__replay:${topic}` });
		last += 3;
	}
	expect(new Set(views).size).toBe(2);
});
