import { afterEach, expect, expectTypeOf, it } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import type { Context } from './context.ts';
import type { Call, Stream } from './definition.ts';
import { live } from './live.ts';

// Every wrapper in every other one: what comes out is called like what went in, and has its type.

afterEach(() => Reflect.deleteProperty(globalThis, Symbol.for('svelte-realtime.app')));

interface Note {
	readonly text: string;
}
type Same<Table, Expected> = { [Name in keyof Table]: Equal<Table[Name], Expected> };
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type AllTrue<Table> = Record<keyof Table, true>;

const schema = {
	safeParse: (input: unknown): { success: true; data: Note } => ({ success: true, data: input as Note })
};
const rule = { points: 1_000, window: 60_000 };
const breaker = { isOpen: () => false, success() {}, failure() {} };
const anybody = (): boolean => true;
let keys = 0;
const keyFrom = (): string => `key ${keys++}`;

const call = live(async (_ctx, note: Note, times?: number) => note.text.repeat(times ?? 1));
const calls = {
	'validated validated': live.validated(schema, live.validated(schema, call)),
	'validated rateLimit': live.validated(schema, live.rateLimit(rule, call)),
	'validated scoped': live.validated(schema, live.scoped(anybody, call)),
	'validated lock': live.validated(schema, live.lock('key', call)),
	'validated idempotent': live.validated(schema, live.idempotent({ keyFrom }, call)),
	'validated breaker': live.validated(schema, live.breaker({ breaker }, call)),
	'validated volatile': live.validated(schema, live.volatile(call)),
	'validated public': live.validated(schema, live.public(call)),
	'rateLimit validated': live.rateLimit(rule, live.validated(schema, call)),
	'rateLimit rateLimit': live.rateLimit(rule, live.rateLimit(rule, call)),
	'rateLimit scoped': live.rateLimit(rule, live.scoped(anybody, call)),
	'rateLimit lock': live.rateLimit(rule, live.lock('key', call)),
	'rateLimit idempotent': live.rateLimit(rule, live.idempotent({ keyFrom }, call)),
	'rateLimit breaker': live.rateLimit(rule, live.breaker({ breaker }, call)),
	'rateLimit volatile': live.rateLimit(rule, live.volatile(call)),
	'rateLimit public': live.rateLimit(rule, live.public(call)),
	'scoped validated': live.scoped(anybody, live.validated(schema, call)),
	'scoped rateLimit': live.scoped(anybody, live.rateLimit(rule, call)),
	'scoped scoped': live.scoped(anybody, live.scoped(anybody, call)),
	'scoped lock': live.scoped(anybody, live.lock('key', call)),
	'scoped idempotent': live.scoped(anybody, live.idempotent({ keyFrom }, call)),
	'scoped breaker': live.scoped(anybody, live.breaker({ breaker }, call)),
	'scoped volatile': live.scoped(anybody, live.volatile(call)),
	'scoped public': live.scoped(anybody, live.public(call)),
	'lock validated': live.lock('key', live.validated(schema, call)),
	'lock rateLimit': live.lock('key', live.rateLimit(rule, call)),
	'lock scoped': live.lock('key', live.scoped(anybody, call)),
	'lock lock': live.lock('outer', live.lock('inner', call)),
	'lock idempotent': live.lock('key', live.idempotent({ keyFrom }, call)),
	'lock breaker': live.lock('key', live.breaker({ breaker }, call)),
	'lock volatile': live.lock('key', live.volatile(call)),
	'lock public': live.lock('key', live.public(call)),
	'idempotent validated': live.idempotent({ keyFrom }, live.validated(schema, call)),
	'idempotent rateLimit': live.idempotent({ keyFrom }, live.rateLimit(rule, call)),
	'idempotent scoped': live.idempotent({ keyFrom }, live.scoped(anybody, call)),
	'idempotent lock': live.idempotent({ keyFrom }, live.lock('key', call)),
	'idempotent idempotent': live.idempotent({ keyFrom }, live.idempotent({ keyFrom }, call)),
	'idempotent breaker': live.idempotent({ keyFrom }, live.breaker({ breaker }, call)),
	'idempotent volatile': live.idempotent({ keyFrom }, live.volatile(call)),
	'idempotent public': live.idempotent({ keyFrom }, live.public(call)),
	'breaker validated': live.breaker({ breaker }, live.validated(schema, call)),
	'breaker rateLimit': live.breaker({ breaker }, live.rateLimit(rule, call)),
	'breaker scoped': live.breaker({ breaker }, live.scoped(anybody, call)),
	'breaker lock': live.breaker({ breaker }, live.lock('key', call)),
	'breaker idempotent': live.breaker({ breaker }, live.idempotent({ keyFrom }, call)),
	'breaker breaker': live.breaker({ breaker }, live.breaker({ breaker }, call)),
	'breaker volatile': live.breaker({ breaker }, live.volatile(call)),
	'breaker public': live.breaker({ breaker }, live.public(call)),
	'volatile validated': live.volatile(live.validated(schema, call)),
	'volatile rateLimit': live.volatile(live.rateLimit(rule, call)),
	'volatile scoped': live.volatile(live.scoped(anybody, call)),
	'volatile lock': live.volatile(live.lock('key', call)),
	'volatile idempotent': live.volatile(live.idempotent({ keyFrom }, call)),
	'volatile breaker': live.volatile(live.breaker({ breaker }, call)),
	'volatile volatile': live.volatile(live.volatile(call)),
	'volatile public': live.volatile(live.public(call)),
	'public validated': live.public(live.validated(schema, call)),
	'public rateLimit': live.public(live.rateLimit(rule, call)),
	'public scoped': live.public(live.scoped(anybody, call)),
	'public lock': live.public(live.lock('key', call)),
	'public idempotent': live.public(live.idempotent({ keyFrom }, call)),
	'public breaker': live.public(live.breaker({ breaker }, call)),
	'public volatile': live.public(live.volatile(call)),
	'public public': live.public(live.public(call))
};

const stream = live.stream(
	(_ctx: Context, note: Note, times?: number) => `note:${note.text}:${times ?? 1}`,
	async (_ctx, note, times): Promise<string[]> => [note.text.repeat(times ?? 1)],
	{ merge: 'set' }
);
const streams = {
	'validated validated': live.validated(schema, live.validated(schema, stream)),
	'validated rateLimit': live.validated(schema, live.rateLimit(rule, stream)),
	'validated scoped': live.validated(schema, live.scoped(anybody, stream)),
	'validated lock': live.validated(schema, live.lock('key', stream)),
	'validated breaker': live.validated(schema, live.breaker({ breaker }, stream)),
	'validated public': live.validated(schema, live.public(stream)),
	'validated gate': live.validated(schema, live.gate(anybody, stream)),
	'rateLimit validated': live.rateLimit(rule, live.validated(schema, stream)),
	'rateLimit rateLimit': live.rateLimit(rule, live.rateLimit(rule, stream)),
	'rateLimit scoped': live.rateLimit(rule, live.scoped(anybody, stream)),
	'rateLimit lock': live.rateLimit(rule, live.lock('key', stream)),
	'rateLimit breaker': live.rateLimit(rule, live.breaker({ breaker }, stream)),
	'rateLimit public': live.rateLimit(rule, live.public(stream)),
	'rateLimit gate': live.rateLimit(rule, live.gate(anybody, stream)),
	'scoped validated': live.scoped(anybody, live.validated(schema, stream)),
	'scoped rateLimit': live.scoped(anybody, live.rateLimit(rule, stream)),
	'scoped scoped': live.scoped(anybody, live.scoped(anybody, stream)),
	'scoped lock': live.scoped(anybody, live.lock('key', stream)),
	'scoped breaker': live.scoped(anybody, live.breaker({ breaker }, stream)),
	'scoped public': live.scoped(anybody, live.public(stream)),
	'scoped gate': live.scoped(anybody, live.gate(anybody, stream)),
	'lock validated': live.lock('key', live.validated(schema, stream)),
	'lock rateLimit': live.lock('key', live.rateLimit(rule, stream)),
	'lock scoped': live.lock('key', live.scoped(anybody, stream)),
	'lock lock': live.lock('outer', live.lock('inner', stream)),
	'lock breaker': live.lock('key', live.breaker({ breaker }, stream)),
	'lock public': live.lock('key', live.public(stream)),
	'lock gate': live.lock('key', live.gate(anybody, stream)),
	'breaker validated': live.breaker({ breaker }, live.validated(schema, stream)),
	'breaker rateLimit': live.breaker({ breaker }, live.rateLimit(rule, stream)),
	'breaker scoped': live.breaker({ breaker }, live.scoped(anybody, stream)),
	'breaker lock': live.breaker({ breaker }, live.lock('key', stream)),
	'breaker breaker': live.breaker({ breaker }, live.breaker({ breaker }, stream)),
	'breaker public': live.breaker({ breaker }, live.public(stream)),
	'breaker gate': live.breaker({ breaker }, live.gate(anybody, stream)),
	'public validated': live.public(live.validated(schema, stream)),
	'public rateLimit': live.public(live.rateLimit(rule, stream)),
	'public scoped': live.public(live.scoped(anybody, stream)),
	'public lock': live.public(live.lock('key', stream)),
	'public breaker': live.public(live.breaker({ breaker }, stream)),
	'public public': live.public(live.public(stream)),
	'public gate': live.public(live.gate(anybody, stream)),
	'gate validated': live.gate(anybody, live.validated(schema, stream)),
	'gate rateLimit': live.gate(anybody, live.rateLimit(rule, stream)),
	'gate scoped': live.gate(anybody, live.scoped(anybody, stream)),
	'gate lock': live.gate(anybody, live.lock('key', stream)),
	'gate breaker': live.gate(anybody, live.breaker({ breaker }, stream)),
	'gate public': live.gate(anybody, live.public(stream)),
	'gate gate': live.gate(anybody, live.gate(anybody, stream))
};

it.each(Object.entries(calls))('a call in %s', async (_, definition) => {
	expectTypeOf<Same<typeof calls, Call<[input: Note, times?: number], string>>>().toEqualTypeOf<AllTrue<typeof calls>>();
	await using server = await createRuntime({ 'm/it': definition });
	const client = await server.connect('ida');
	expect(await client.ask({ rpc: 'm/it', id: '1', args: [{ text: 'a' }, 2] })).toEqual({ id: '1', ok: true, data: 'aa' });
	expect(await client.ask({ rpc: 'm/it', id: '2', args: [{ text: 'a' }, 2], stream: true })).toMatchObject({ ok: false });
});

it.each(Object.entries(streams))('a stream in %s', async (_, definition) => {
	expectTypeOf<Same<typeof streams, Stream<[input: Note, times?: number], string[]>>>().toEqualTypeOf<AllTrue<typeof streams>>();
	await using server = await createRuntime({ 'm/it': definition });
	const client = await server.connect('ida');
	const request = { rpc: 'm/it', args: [{ text: 'a' }, 2] };
	expect(await client.ask({ ...request, id: '1', stream: true })).toMatchObject({
		data: ['aa'],
		topic: 'note:a:2',
		merge: 'set'
	});
	expect(await client.ask({ ...request, id: '2' })).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
	expect(await server.runtime.load('m/it', server.platform, { args: [{ text: 'b' }] })).toEqual(['b']);
});

it('refuses a lock in a lock of the same key, which would wait for itself', () => {
	const key = (_ctx: Context, note: Note): string => note.text;
	expect(() => live.lock('a', live.rateLimit(rule, live.lock('a', call)))).toThrow('live.lock: key is "a", expected another');
	expect(() => live.lock({ key, maxWaitMs: 5 }, live.lock(key, stream))).toThrow(
		'expected another key than that of the lock inside'
	);
	expect(live.lock('a', live.lock({ key: 'a', lock: { withLock: async (_key, run) => run() } }, call)).kind).toBe('call');
});

it('says what to do with a wrapper that means nothing around a stream', () => {
	expect(() => live.idempotent({}, stream as never)).toThrow('Put it around the loader to load once for many');
	expect(() => live.volatile(stream as never)).toThrow('for events that may be lost a stream has the option volatile');
	expect(() => live.lock('k', live.cron('* * * * *', 't', () => 1) as never)).toThrow(
		'expected a function (ctx, ...args) => result'
	);
	expect(() => live.stream('t', { kind: 'call', run: () => 1, steps: [] } as never)).toThrow(
		'expected a function (ctx, ...args) => value'
	);
});

it('gives a stream whose loader stands in wrappers, with the types of both', async () => {
	let loads = 0;
	const load = async (_ctx: Context, note: Note): Promise<string[]> => (loads++, [note.text]);
	const wrapped = live.stream(
		(_ctx: Context, note: Note) => `note:${note.text}`,
		live.breaker(
			{ breaker },
			live.lock((_ctx, note) => note.text, live.idempotent({ keyFrom: (_ctx, note) => note.text, ttl: 60 }, load))
		)
	);
	expectTypeOf(wrapped).toEqualTypeOf<Stream<[note: Note], string[]>>();
	const all = live.stream(
		'all',
		live.breaker({ breaker, fallback: [] }, async () => [1])
	);
	expectTypeOf(all).toEqualTypeOf<Stream<[], number[]>>();
	await using server = await createRuntime({ 'm/it': wrapped, 'm/all': all });
	for (const user of ['ida', 'max']) {
		const client = await server.connect(user);
		expect(await client.ask({ rpc: 'm/it', id: '1', args: [{ text: 'a' }], stream: true })).toMatchObject({ data: ['a'] });
		expect(await client.ask({ rpc: 'm/all', id: '2', stream: true })).toMatchObject({ data: [1] });
	}
	expect(loads).toBe(1);
});

it('lets only those subscribe whom the wrappers of a stream let, before anything of it runs', async () => {
	const seen: unknown[] = [];
	const number = {
		safeParse: (input: unknown) =>
			typeof input === 'number'
				? { success: true as const, data: input * 2 }
				: { success: false as const, error: { issues: [{ path: [0], message: 'no number' }] } }
	};
	const doubled = live.rateLimit(
		{ points: 3, window: 60_000 },
		live.validated(
			number,
			live.stream(
				(_ctx: Context, n: number) => (seen.push(n), `n:${n}`),
				(_ctx, n) => [n]
			)
		)
	);
	expectTypeOf(doubled).toEqualTypeOf<Stream<[input: number], number[]>>();
	await using server = await createRuntime({ 'm/it': doubled });
	const client = await server.connect('ida');
	const ask = (id: string, arg: unknown, more: object = {}) =>
		client.ask({ rpc: 'm/it', id, args: [arg], stream: true, ...more });
	expect(await ask('1', 2)).toMatchObject({ data: [4], topic: 'n:4' });
	expect(await ask('2', 'x')).toMatchObject({ code: 'VALIDATION', issues: [{ message: 'no number' }] });
	expect(seen).toEqual([4]);
	expect(await ask('3', 3, { cursor: 'c' })).toMatchObject({ data: [6] });
	expect(await ask('4', 4)).toMatchObject({ code: 'RATE_LIMITED', retryAfter: expect.any(Number) });
	// The server's own pages are no clients that could ask too often.
	expect(await server.runtime.load('m/it', server.platform, { args: [5] })).toEqual([10]);
	expect(server.platform.subscribers('n:4')).toBe(1);
});
