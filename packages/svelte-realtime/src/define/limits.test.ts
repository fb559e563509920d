import { manualClock } from 'svelte-adapter-uws/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { encodeBinaryCall } from '../shared/binary-frame.ts';
import { DEFAULT_LIMITS, type Limits } from '../shared/limits.ts';
import { app } from './app.ts';
import { configureLimits } from './limits.ts';
import { live } from './live.ts';

afterEach(() => Reflect.deleteProperty(globalThis, Symbol.for('svelte-realtime.app')));

const topics = live.stream(
	(_ctx, id: number) => `t:${id}`,
	() => []
);

it('changes what is named, keeps the rest, and goes back to the defaults with null', () => {
	configureLimits({ maxSkipKeys: 2 });
	configureLimits({ maxCallsPerConnection: 3 });
	expect(app().limits).toEqual({ ...DEFAULT_LIMITS, maxSkipKeys: 2, maxCallsPerConnection: 3 });
	configureLimits(null);
	expect(app().limits).toEqual(DEFAULT_LIMITS);
});

it.each([
	[{ maxTopics: 1 }, 'configureLimits: limits is "maxTopics", expected maxEnvelopeDepth,'],
	[{ maxSkipKeys: 0 }, 'configureLimits: maxSkipKeys is 0, expected a whole number above 0.'],
	[{ maxSkipKeys: '9' }, 'maxSkipKeys is "9"'],
	[{ maxPacedPublishes: 1, maxSkipKeys: Infinity }, 'maxSkipKeys is Infinity'],
	[7, 'limits is 7, expected an object, or null.']
])('refuses %o, and changes nothing', (limits, message) => {
	expect(() => configureLimits(limits as Partial<Limits>)).toThrow(message);
	expect(app().limits).toEqual(DEFAULT_LIMITS);
});

it('holds for a server that runs already', async () => {
	const held = live(() => new Promise(() => {}));
	await using server = await createRuntime({ 'm/t': topics, 'm/held': held, 'm/call': live(() => 1) }, undefined, { app: app() });
	const client = await server.connect('ida');
	const follow = (id: number) => client.ask({ rpc: 'm/t', id: `t${id}`, args: [id], stream: true });
	expect(await follow(1)).toMatchObject({ ok: true });
	configureLimits({ maxTopicsPerConnection: 1, maxCallsPerConnection: 1, maxEnvelopeDepth: 3 });
	expect(await follow(2)).toMatchObject({ code: 'RATE_LIMITED', error: 'A connection follows at most 1 topics. Leave some.' });
	client.say({ rpc: 'm/call', id: 'deep', args: [[[]]] });
	client.say({ rpc: 'm/held', id: 'held' });
	expect(await client.ask({ rpc: 'm/call', id: 'one' })).toMatchObject({ code: 'RATE_LIMITED' });
	configureLimits(null);
	expect(await client.ask({ rpc: 'm/call', id: 'two' })).toMatchObject({ ok: true });
	expect(client.frames.some(({ event }) => event === 'deep')).toBe(false);
});

it('refuses a request with too many keys by its id, and does not read it', async () => {
	configureLimits({ maxRequestKeys: 6 });
	const run = vi.fn(() => 1);
	await using server = await createRuntime({ 'm/call': live(run) }, undefined, { app: app() });
	const client = await server.connect('ida');
	const args = [{ a: 1, b: 2, c: 3 }];
	expect(await client.ask({ rpc: 'm/call', id: '1', args })).toMatchObject({ ok: true });
	expect(await client.ask({ rpc: 'm/call', id: '2', args: [...args, { d: 4 }] })).toEqual({
		id: '2',
		ok: false,
		code: 'INVALID_REQUEST',
		error: 'The arguments have too many keys. Send them in parts.'
	});
	expect(run).toHaveBeenCalledOnce();
});

it('answers every call of a batch with too many keys, and a call with bytes', async () => {
	configureLimits({ maxRequestKeys: 6 });
	const run = vi.fn(() => 1);
	await using server = await createRuntime({ 'm/call': live(run), 'm/bytes': live.binary(run) }, undefined, { app: app() });
	const client = await server.connect('ida');
	const refused = (id: string) => ({ id, ok: false, code: 'INVALID_REQUEST', error: expect.stringContaining('too many keys') });
	client.say({ batch: ['1', '2', '3'].map((id) => ({ rpc: 'm/call', id, args: [] })), sequential: true });
	await vi.waitFor(() => expect(client.frames.at(-1)).toMatchObject({ event: '__batch' }));
	expect(client.frames.at(-1).data).toEqual({ batch: ['1', '2', '3'].map(refused) });
	const header = JSON.stringify({ rpc: 'm/bytes', id: '4', args: [{ a: 1, b: 2, c: 3, d: 4 }] });
	client.peer.send(encodeBinaryCall(header, new Uint8Array(1))!);
	await vi.waitFor(() => expect(client.frames.at(-1)).toMatchObject({ event: '4', data: refused('4') }));
	expect(run).not.toHaveBeenCalled();
});

it('bounds callers that a rate limit remembers, and what handlers hold back', async () => {
	configureLimits({ maxRateLimitCallers: 1, maxSkipKeys: 1, maxPacedPublishes: 1 });
	const clock = manualClock();
	const limited = live.rateLimit({ points: 1, window: 1_000, key: (_ctx, name: string) => name }, (_ctx, _name: string) => 1);
	const skip = live((ctx) => [ctx.skip('a', 50), ctx.skip('b', 50), ctx.skip('b', 50)]);
	const paced = live((ctx) => {
		for (const key of ['a', 'b']) ctx.publishDebounced(key, 'e', key, 50);
	});
	const parts = { app: app(), clock, warn: () => {} };
	await using server = await createRuntime({ 'm/limited': limited, 'm/skip': skip, 'm/paced': paced }, undefined, parts);
	const heard: string[] = [];
	server.platform.tap(({ topic }) => void heard.push(topic));
	const client = await server.connect('ida');
	let ids = 0;
	const ask = (rpc: string, ...args: unknown[]): Promise<any> => client.ask({ rpc, id: `${ids++}`, args });
	expect(await ask('m/limited', 'x')).toMatchObject({ ok: true });
	expect(await ask('m/limited', 'x')).toMatchObject({ code: 'RATE_LIMITED' });
	expect(await ask('m/limited', 'y')).toMatchObject({ ok: true });
	expect(await ask('m/limited', 'x')).toMatchObject({ ok: true });
	expect((await ask('m/skip')).data).toEqual([false, false, false]);
	await ask('m/paced');
	expect(heard).toEqual(['b']);
	clock.advance(50);
	expect(heard).toEqual(['b', 'a']);
});

it('bounds values of a derived stream with arguments, and the parts of a window', async () => {
	configureLimits({ maxDerivedInstances: 1, maxAggregateBuckets: 2 });
	const value = live.derived(
		(id: number) => [`s:${id}`],
		(_ctx, id: number) => id
	);
	await using server = await createRuntime({ 'm/value': value }, undefined, { app: app() });
	const client = await server.connect('ida');
	expect(await client.ask({ rpc: 'm/value', id: '1', args: [1], stream: true })).toMatchObject({ data: 1 });
	expect(await client.ask({ rpc: 'm/value', id: '2', args: [2], stream: true })).toMatchObject({ code: 'RATE_LIMITED' });
	const window = (durationMs: number) => () =>
		live.aggregate(
			's',
			{ n: { init: () => 0, reduce: (n: number) => n + 1, combine: (...n: number[]) => n.length } },
			{
				topic: 't',
				windows: { w: { type: 'sliding', durationMs, slideMs: 1_000 } }
			}
		);
	expect(window(3_000)).toThrow('at most 2 slides in durationMs');
});
