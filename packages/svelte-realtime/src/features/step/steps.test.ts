import { manualClock } from 'svelte-adapter-uws/testing';
import * as v from 'valibot';
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createRuntime } from '../../../test/support.ts';
import { live } from '../../define/live.ts';
import { LiveError } from '../../shared/error.ts';

const echo = (_ctx: unknown, ...args: unknown[]): unknown[] => args;
let ids = 0;

/** What a client hears when it calls `path`. */
async function ask(runtime: Awaited<ReturnType<typeof createRuntime>>, args: unknown[], user = ''): Promise<any> {
	const client = await runtime.connect(user);
	return client.ask({ rpc: 'm/call', id: String(ids++), args });
}

const Todo = { text: 'milk', tags: ['food'] };

it.each([
	['Zod', z.object({ text: z.string().trim(), tags: z.array(z.string()) })],
	['Valibot', v.object({ text: v.pipe(v.string(), v.trim()), tags: v.array(v.string()) })],
	[
		'safeParse alone',
		{
			safeParse: (input: unknown) => {
				const { success, data, error } = z.object({ text: z.string().trim(), tags: z.array(z.string()) }).safeParse(input);
				return { success, data, error };
			}
		}
	]
])('calls with what a schema of %s gives, and says what is wrong where', async (_name, schema) => {
	await using runtime = await createRuntime({ 'm/call': live.validated(schema as z.ZodType, echo) });
	expect(await ask(runtime, [{ ...Todo, text: '  milk ' }, 2])).toMatchObject({ ok: true, data: [Todo, 2] });
	const wrong = await ask(runtime, [{ text: 'milk', tags: ['food', 7] }]);
	expect(wrong).toMatchObject({ ok: false, code: 'VALIDATION', issues: [{ path: ['tags', '1'], message: expect.any(String) }] });
	expect(await ask(runtime, [])).toMatchObject({ ok: false, code: 'VALIDATION' });
	expect(runtime.errors).toEqual([]);
});

it('waits for a schema that has to look something up', async () => {
	const schema = z.string().refine(async (name) => Promise.resolve(name !== 'taken'), 'taken');
	await using runtime = await createRuntime({ 'm/call': live.validated(schema, echo) });
	expect(await ask(runtime, ['free'])).toMatchObject({ ok: true, data: ['free'] });
	expect(await ask(runtime, ['taken'])).toMatchObject({ code: 'VALIDATION', issues: [{ path: [], message: 'taken' }] });
});

it('lets only those call for whom the predicate is true', async () => {
	const owner = live.scoped(live.access.user({ userField: 'id' }), echo);
	const later = live.scoped(async () => Promise.resolve('yes' as never), echo);
	await using runtime = await createRuntime({ 'm/call': owner, 'm/later': later });
	expect(await ask(runtime, ['ida'], 'ida')).toMatchObject({ ok: true });
	expect(await ask(runtime, ['max'], 'ida')).toMatchObject({ ok: false, code: 'FORBIDDEN' });
	expect(await ask(runtime, [], '')).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
	const client = await runtime.connect('ida');
	expect(await client.ask({ rpc: 'm/later', id: 'later' })).toMatchObject({ code: 'FORBIDDEN' });
});

it('lets only those subscribe for whom the predicate and the access of a stream are true', async () => {
	const ofIda = (ctx: { readonly user: { readonly id: string } | null }): boolean => ctx.user?.id === 'ida';
	const rows = live.stream(
		(_ctx, list: string) => `rows:${list}`,
		(_ctx, list) => [list],
		{ access: async (_ctx, list) => Promise.resolve(list !== 'secret'), merge: 'set' }
	);
	await using runtime = await createRuntime({ 'm/rows': live.scoped(ofIda, rows) });
	const [ida, max] = [await runtime.connect('ida'), await runtime.connect('max')];
	const subscribe = (client: typeof ida, list: string): Promise<any> =>
		client.ask({ rpc: 'm/rows', id: String(ids++), args: [list], stream: true });
	expect(await subscribe(ida, 'open')).toMatchObject({ ok: true, data: ['open'], merge: 'set' });
	expect(await subscribe(ida, 'secret')).toMatchObject({ code: 'FORBIDDEN' });
	expect(await subscribe(max, 'open')).toMatchObject({ code: 'FORBIDDEN' });
	await expect(runtime.runtime.load('m/rows', runtime.platform, { args: ['open'] })).rejects.toMatchObject({
		code: 'UNAUTHENTICATED'
	});
});

it('refuses calls over the limit of a sliding window, and says when one may run again', async () => {
	const clock = manualClock();
	await using runtime = await createRuntime({ 'm/call': live.rateLimit({ points: 3, window: 1_000 }, echo) }, undefined, {
		clock
	});
	const ida = await runtime.connect('ida');
	const call = (): Promise<any> => ida.ask({ rpc: 'm/call', id: String(ids++) });
	for (let i = 0; i < 3; i++) expect(await call()).toMatchObject({ ok: true });
	expect(await call()).toMatchObject({ ok: false, code: 'RATE_LIMITED', retryAfter: 1_000 });
	// Half of the window before still counts: 1.5 of three calls.
	clock.advance(1_500);
	expect(await call()).toMatchObject({ ok: true });
	expect(await call()).toMatchObject({ ok: true });
	expect(await call()).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 500 });
	clock.advance(2_000);
	for (let i = 0; i < 3; i++) expect(await call()).toMatchObject({ ok: true });
});

it('counts each user over all connections, each connection without a user, and each procedure by itself', async () => {
	const one = live.rateLimit({ points: 1, window: 1_000 }, echo);
	await using runtime = await createRuntime({ 'm/call': one, 'm/other': one }, undefined, { clock: manualClock() });
	expect(await ask(runtime, [], 'ida')).toMatchObject({ ok: true });
	expect(await ask(runtime, [], 'ida')).toMatchObject({ code: 'RATE_LIMITED' });
	expect(await ask(runtime, [], 'max')).toMatchObject({ ok: true });
	expect(await ask(runtime, [])).toMatchObject({ ok: true });
	expect(await ask(runtime, [])).toMatchObject({ ok: true });
	const ida = await runtime.connect('ida');
	expect(await ida.ask({ rpc: 'm/other', id: 'other' })).toMatchObject({ ok: true });
});

it('counts by the identity that the app gives, and in the store that it gives', async () => {
	const taken: unknown[] = [];
	const store = {
		take: async (key: string, cost: number, rule: object) => {
			taken.push([key, cost, rule]);
			return Promise.resolve({ allowed: taken.length < 2, remaining: 0, resetMs: 41.2, banned: false });
		}
	};
	const limited = live.rateLimit(
		{ points: 1, window: 1_000, identity: (ctx, room: string) => `${ctx.user.id}:${room}`, store },
		echo
	);
	await using runtime = await createRuntime({ 'm/call': limited });
	expect(await ask(runtime, ['red'], 'ida')).toMatchObject({ ok: true });
	expect(await ask(runtime, ['red'], 'ida')).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 42 });
	expect(taken[0]).toEqual(['rpc:m/call:ida:red', 1, { points: 1, intervalMs: 1_000 }]);
});

it('counts by the key that the app gives, and never refuses somebody because of many others', async () => {
	const limited = live.rateLimit({ points: 1, window: 1_000, key: (_ctx, team: string) => team }, echo);
	await using runtime = await createRuntime({ 'm/call': limited }, undefined, { clock: manualClock() });
	expect(await ask(runtime, ['red'], 'ida')).toMatchObject({ ok: true });
	expect(await ask(runtime, ['red'], 'max')).toMatchObject({ code: 'RATE_LIMITED' });
	const client = await runtime.connect('ida');
	for (let i = 0; i < 5_100; i += 50) {
		const calls = Array.from({ length: 50 }, (_, j) => ({ rpc: 'm/call', id: `${i + j}`, args: [`team ${i + j}`] }));
		client.say({ batch: calls });
	}
	expect(await client.ask({ rpc: 'm/call', id: 'blue', args: ['blue'] })).toMatchObject({ ok: true });
	const refused = client.frames.flatMap(({ data }) => data?.batch ?? []).filter(({ ok }) => !ok);
	expect(refused).toEqual([]);
});

it('runs calls of one key after each other, over procedures and connections, and those without a key at once', async () => {
	const clock = manualClock();
	const gates: PromiseWithResolvers<void>[] = [];
	const slow = async (_ctx: unknown, key: string | null) => {
		const gate = Promise.withResolvers<void>();
		gates.push(gate);
		await gate.promise;
		return key;
	};
	const key = (_ctx: unknown, given: string | null): string | null => given;
	const definitions = { 'm/call': live.lock(key, slow), 'm/other': live.lock({ key, maxWaitMs: 100 }, slow) };
	await using runtime = await createRuntime(definitions, undefined, { clock });
	const [ida, max] = [await runtime.connect('ida'), await runtime.connect('max')];
	const first = ida.ask({ rpc: 'm/call', id: '1', args: ['a'] });
	await vi.waitFor(() => expect(gates).toHaveLength(1));
	const second = max.ask({ rpc: 'm/other', id: '2', args: ['a'] });
	const free = ['b', null, ''].map((each, i) => max.ask({ rpc: 'm/other', id: `free ${i}`, args: [each] }));
	await vi.waitFor(() => expect(gates).toHaveLength(4));
	clock.advance(100);
	expect(await second).toMatchObject({ ok: false, code: 'LOCK_TIMEOUT' });
	for (const gate of gates) gate.resolve();
	expect(await first).toMatchObject({ ok: true, data: 'a' });
	expect((await Promise.all(free)).map(({ ok }) => ok)).toEqual([true, true, true]);
	expect(await ida.ask({ rpc: 'm/call', id: '3', args: [7] })).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(runtime.errors).toEqual([['m/call', new TypeError('live.lock: key gave number, expected a text.')]]);
});

it('nests wrappers in any order, at least ten deep, the outermost first', async () => {
	const order: string[] = [];
	const says = (name: string) => (): boolean => order.push(name) > 0;
	const chain = Array.from({ length: 10 }, (_, i) => `step ${i}`).reduceRight(
		(inner, name) => live.scoped(says(name), inner),
		live.validated(z.string(), echo)
	);
	const limited = live.rateLimit({ points: 1, window: 1_000 }, chain);
	await using runtime = await createRuntime({ 'm/call': limited }, undefined, { clock: manualClock() });
	expect(await ask(runtime, ['x'], 'ida')).toMatchObject({ ok: true, data: ['x'] });
	expect(order).toEqual(Array.from({ length: 10 }, (_, i) => `step ${i}`));
	expect(await ask(runtime, ['x'], 'ida')).toMatchObject({ code: 'RATE_LIMITED' });
	expect(order).toHaveLength(10);
});

it('tells the app, not the caller, what a predicate, a key or a schema throws by accident', async () => {
	const fails = (): never => {
		throw new Error('secret');
	};
	await using runtime = await createRuntime({ 'm/call': live.scoped(fails, echo) });
	expect(await ask(runtime, [])).toEqual({
		id: expect.any(String),
		ok: false,
		code: 'INTERNAL_ERROR',
		error: 'Internal server error'
	});
	expect(runtime.errors).toEqual([['m/call', new Error('secret')]]);
	const meant = live.rateLimit(
		{
			points: 1,
			window: 1,
			key: () => {
				throw new LiveError('NO_TEAM', 'Choose a team.');
			}
		},
		echo
	);
	runtime.runtime.install('m/call', meant);
	expect(await ask(runtime, [])).toMatchObject({ code: 'NO_TEAM', error: 'Choose a team.' });
});
